import type { SubscriptionSpec } from '../../driver/spec.js'
import type { Delivery, Token } from '../../driver/subscriber.js'
import { CRASHED_AFTER } from '../../driver/subscriber.js'
import { type ErrorRecord, toErrorRecord } from '../../errors/error-record.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import { DEAD_REASONS } from '../../model/dead-letter.js'
import type { Outcome } from '../../model/outcome.js'
import { delayBefore } from '../../model/retry-policy.js'

/** How a run ended, in the words of the contract, before it is known under which token it will be settled. */
export type Verdict =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly delay: number; readonly error: ErrorRecord }
  | {
      readonly kind: 'reject'
      readonly reason: string
      readonly attempts: number
      readonly errors: readonly ErrorRecord[]
    }
  | { readonly kind: 'release' }

export const ACK: Verdict = Object.freeze({ kind: 'ack' })
export const RELEASE: Verdict = Object.freeze({ kind: 'release' })

type RetryPolicy = SubscriptionSpec['retry']

/** The one place where a failed run becomes a retry or a dead letter. `time` is in milliseconds since the epoch. */
export function judgeFailure(
  retry: RetryPolicy,
  attempt: number,
  thrown: unknown,
  time: number,
  after?: number,
): Verdict {
  const error = toErrorRecord(thrown, attempt, time)
  if (attempt >= retry.attempts)
    return { kind: 'reject', reason: DEAD_REASONS.EXHAUSTED, attempts: attempt, errors: [error] }
  return { kind: 'retry', delay: after ?? delayBefore(retry, attempt), error }
}

/** What an outcome value means. */
export function judgeOutcome(retry: RetryPolicy, attempt: number, outcome: Outcome, time: number): Verdict {
  if (outcome.kind === 'release') return RELEASE
  if (outcome.kind === 'reject') return { kind: 'reject', reason: outcome.reason, attempts: attempt - 1, errors: [] }
  const { reason } = outcome
  const asked = { name: 'RetryOutcome', message: `The handler asked for a retry: ${reason}`, code: reason }
  return judgeFailure(retry, attempt, asked, time, outcome.after)
}

/** Dead-letters what no attempt could mend. */
export function judgeUnreadable(error: unknown, attempt: number, time: number): Verdict {
  const record = toErrorRecord(error, attempt, time)
  const reason = record.code === 'INVALID_DATA' ? DEAD_REASONS.INVALID_DATA : DEAD_REASONS.UNDECODABLE
  return { kind: 'reject', reason, attempts: attempt, errors: [record] }
}

/** A suspect that has taken its process down too often dies unrun; the others may run, alone. */
export function judgeSuspect(delivery: Delivery, time: number): Verdict | undefined {
  if (delivery.marks < CRASHED_AFTER) return undefined
  const text = `It was lost ${delivery.losses} times, ${delivery.marks} of them while it was run alone: it ends its process.`
  const record = toErrorRecord(new PluribusError('CRASHED', text), delivery.attempt, time)
  return { kind: 'reject', reason: DEAD_REASONS.CRASHED, attempts: delivery.attempt - 1, errors: [record] }
}

/** A verdict as a settlement; acks travel as bare tokens. */
export function settlementOf(verdict: Exclude<Verdict, { kind: 'ack' }>, token: Token) {
  return { ...verdict, token }
}
