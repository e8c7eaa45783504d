import type { ErrorRecord } from '../errors/error-record.js'
import type { StoredMessage } from './message.js'
import type { SubscriptionName, SubscriptionSpec } from './spec.js'

/**
 * Names one delivery to the broker that made it, and no other one. Opaque to core. It may be refused as soon as its lease
 * has ended, and must be once somebody else has the message.
 *
 * @example
 * ```ts
 * import type { Token } from '@pluribus/core/driver'
 *
 * const acked = new Set<Token>()
 * ```
 */
export type Token = number | string | object

/**
 * A message lost this many times is a suspect: it is pulled alone and run alone, after it has been marked.
 *
 * @example
 * ```ts
 * import { SUSPECT_AFTER } from '@pluribus/core/driver'
 *
 * const isSuspect = (losses: number) => losses >= SUSPECT_AFTER
 * ```
 */
export const SUSPECT_AFTER = 2
/**
 * A suspect lost this many times while marked is dead-lettered unrun, reason `CRASHED`.
 *
 * @example
 * ```ts
 * import { CRASHED_AFTER, type Delivery } from '@pluribus/core/driver'
 *
 * const isKiller = ({ marks }: Delivery) => marks >= CRASHED_AFTER
 * ```
 */
export const CRASHED_AFTER = 3

/**
 * One hand-over of a message.
 *
 * @example
 * ```ts
 * import { CRASHED_AFTER, type Delivery } from '@pluribus/core/driver'
 *
 * const mayRun = (delivery: Delivery) => delivery.marks < CRASHED_AFTER
 * ```
 */
export interface Delivery {
  readonly message: StoredMessage
  readonly token: Token
  /** 1-based: failed runs so far, plus one. */
  readonly attempt: number
  /**
   * How often it has vanished with a consumer since the last run that ended: once for each lease that ended unsettled, unless
   * the delivery then came to the same {@link Environment.instance}.
   */
  readonly losses: number
  /** How many of those losses happened while it was marked: a mark lasts until its delivery ends, transfers included. */
  readonly marks: number
  /** `losses` has reached {@link SUSPECT_AFTER}: this delivery came alone. */
  readonly suspect: boolean
}

/**
 * What a pull found.
 *
 * @example
 * ```ts
 * import { NOTHING_PULLED, type Pulled } from '@pluribus/core/driver'
 *
 * const isEmpty = (pulled: Pulled = NOTHING_PULLED) => pulled.deliveries.length === 0
 * ```
 */
export interface Pulled {
  readonly deliveries: readonly Delivery[]
  /**
   * Milliseconds until time alone makes another one ready: a retry, a delay, the lease of somebody else. Absent where nothing
   * is known to become due. An adapter that cannot wake for what other processes publish says when to ask again.
   */
  readonly dueIn?: number
  /** There is more although this came short of what was asked (a suspect comes alone): pull again, do not wait for a wake. */
  readonly more?: boolean
  /**
   * When the lease of the oldest of them began, or earlier, by the monotonic clock: of what was fetched on standing demand, before
   * this pull. Absent, or later than the pull: when the pull began. A delivery of which a lease has passed since is given back unrun.
   */
  readonly since?: number
}

/**
 * A failed run: comes back after `delay` milliseconds, not earlier, at its place, one attempt higher, with losses and marks
 * back at 0. `error` is appended to those of earlier runs: see {@link appendErrors}.
 *
 * @example
 * ```ts
 * import type { ErrorRecord, RetrySettlement, Token } from '@pluribus/core/driver'
 *
 * const soon = (token: Token, error: ErrorRecord): RetrySettlement => ({ kind: 'retry', token, delay: 100, error })
 * ```
 */
export interface RetrySettlement {
  readonly kind: 'retry'
  readonly token: Token
  readonly delay: number
  readonly error: ErrorRecord
}

/**
 * Dead-letter now: the copy is confirmed before the original is settled. `errors` are appended to those of earlier runs.
 *
 * @example
 * ```ts
 * import type { RejectSettlement } from '@pluribus/core/driver'
 *
 * const line = (settlement: RejectSettlement) => `${settlement.reason}: ${settlement.errors.at(-1)?.message}`
 * ```
 */
export interface RejectSettlement {
  readonly kind: 'reject'
  readonly token: Token
  readonly reason: string
  /** Failed runs, the one that ends here included. */
  readonly attempts: number
  readonly errors: readonly ErrorRecord[]
}

/**
 * Give back, at its place, counting nothing: attempts, losses and marks stay, and a suspect that was marked is not so any more.
 *
 * @example
 * ```ts
 * import type { ReleaseSettlement, Token } from '@pluribus/core/driver'
 *
 * const back = (token: Token): ReleaseSettlement => ({ kind: 'release', token })
 * ```
 */
export interface ReleaseSettlement {
  readonly kind: 'release'
  readonly token: Token
}

/**
 * How a delivery ends, other than by an ack.
 *
 * @example
 * ```ts
 * import type { Settlement, Token } from '@pluribus/core/driver'
 *
 * const giveBack = (token: Token): Settlement => ({ kind: 'release', token })
 * ```
 */
export type Settlement = RetrySettlement | RejectSettlement | ReleaseSettlement

/**
 * A batch of settlements: acks as a bare list of tokens, because they are nearly all of them.
 *
 * @example
 * ```ts
 * import type { Settled } from '@pluribus/core/driver'
 *
 * const size = (settled: Settled) => settled.acks.length + settled.others.length
 * ```
 */
export interface Settled {
  readonly acks: readonly Token[]
  readonly others: readonly Settlement[]
}

/**
 * A settlement that did not take effect: `stale`, the lease had been lost; `failed`, try again.
 *
 * @example
 * ```ts
 * import type { SettleException, Token } from '@pluribus/core/driver'
 *
 * const stale = (token: Token): SettleException => ({ token, kind: 'stale' })
 * ```
 */
export type SettleException =
  | { readonly token: Token; readonly kind: 'stale' }
  | { readonly token: Token; readonly kind: 'failed'; readonly error: unknown }

/**
 * What a source tells core. None of these may be called from within a call of core's to the source other than `settle`
 * and `pull`; all of them return at once. Core may call the source back before they do: end your transaction first.
 *
 * @example
 * ```ts
 * import type { SourceEvents } from '@pluribus/core/driver'
 *
 * const silent: SourceEvents = { wake() {}, lost() {}, ended() {} }
 * ```
 */
export interface SourceEvents {
  /** A pull might find something now. Spurious calls are harmless, missing ones are not. */
  wake(): void
  /** These deliveries are no longer ours (a lease or a partition was taken away); the source lives on. */
  lost(tokens: readonly Token[]): void
  /**
   * The source is over, and has given back what it can; core asks nothing more of it, not even `close`, and opens another one.
   * With `NOT_FOUND` where its subscription has been removed.
   */
  ended(cause: unknown): void
}

/**
 * Which consumer opens a source, and for the how manieth time. Unique together with `Environment.instance`.
 *
 * @example
 * ```ts
 * import type { ConsumerGeneration } from '@pluribus/core/driver'
 *
 * const replaces = (one: ConsumerGeneration, other: ConsumerGeneration) =>
 *   one.id === other.id && one.generation > other.generation
 * ```
 */
export interface ConsumerGeneration {
  /** The consumer, among those of its broker object. */
  readonly id: number
  /** Rises with every source that it opens. */
  readonly generation: number
}

/**
 * How a source is opened.
 *
 * @example
 * ```ts
 * import type { OpenOptions } from '@pluribus/core/driver'
 *
 * const options: OpenOptions = { window: 320, lease: 30_000 }
 * ```
 */
export interface OpenOptions {
  /**
   * The most deliveries that core will run or have waiting to be run, and so the most that it pulls at once. Beside them it
   * holds what it has settled and not heard of yet: it pulls nothing while that is 1,024, or four windows where that is more.
   * A broker that counts what is unconfirmed against a credit (a prefetch, a `max_ack_pending`) may be given as little as
   * the window; with the sum of both, slow answers to settles hold up nobody.
   */
  readonly window: number
  /** How long a delivery is ours without a renewal, in milliseconds. */
  readonly lease: number
  /**
   * Who opens it. What an earlier generation of the same consumer still holds is transferred to this one in the same step:
   * it is ready for nobody in between, its lease starts anew, its old token is stale, and neither attempts nor losses nor
   * marks change. The first pulls hand it out, in the order of service, before anything else. An open that comes
   * after that of the same or a later generation rejects with `STALE`, and so does a pull of one that was replaced. Absent:
   * somebody who replaces nobody.
   */
  readonly consumer?: ConsumerGeneration
}

/**
 * One generation of a consumer. Core makes one `pull` at a time; `settle`, `renew` and `mark` may overlap it. After
 * `ended`, or after its connection was lost, nothing more is asked of it.
 *
 * Ready are, in the order of service: smallest band, then place, forwards or backwards ({@link queueDiscipline}). A message has
 * its place from when it was stored, a delayed one from when it was due; retries and what is given back keep theirs, what is
 * redriven gets one at the tail. Of the messages of one key (`keys: 'key'`) only the first in place is ready, whatever the
 * discipline: the others wait while it is ready, leased or retried; one that is not due yet blocks nobody.
 *
 * @example
 * ```ts
 * import { NOTHING_PULLED, NO_EXCEPTIONS, type Source } from '@pluribus/core/driver'
 *
 * const empty: Source = {
 *   pull: async () => NOTHING_PULLED, mark: async () => {}, settle: async () => NO_EXCEPTIONS, close: async () => {},
 * }
 * ```
 */
export interface Source {
  /**
   * How many deliveries were transferred to it when it was opened. Absent: none, as where a broker has no leases and hands
   * out again at once what a broken connection held.
   */
  readonly transferred?: number
  /**
   * What there is now, at most `max`; never waits. What it leaves unfilled is standing demand: the adapter may fetch that
   * much, and calls `wake` when there is something. A suspect comes alone: a pull stops in front of one, or brings it and
   * nothing else. `pull(0)` takes back the standing demand of the pull before: somebody else should be woken.
   */
  pull(max: number): Promise<Pulled>
  /**
   * Durable: "this suspect is being run, alone". Rejects with `STALE` where its lease is lost. What cannot be marked is not run:
   * core pulls past it, and releases it some seconds later at the latest.
   */
  mark(delivery: Delivery): Promise<void>
  /** Resolves with the settlements that did not take effect; the shared {@link NO_EXCEPTIONS} where all did. */
  settle(settled: Settled): Promise<readonly SettleException[]>
  /** Renews leases; answers the tokens that are lost. Absent where the broker has no leases. */
  renew?(batch: readonly Delivery[]): Promise<readonly Token[]>
  /** Gives back what was pulled and not settled, counting nothing; where its connection is closed already, nothing. */
  close(): Promise<void>
}

/**
 * Hands out deliveries.
 *
 * @example
 * ```ts
 * import type { Connection, SubscriptionName } from '@pluribus/core/driver'
 *
 * const forget = (connection: Connection, name: SubscriptionName) => connection.subscriber.remove(name)
 * ```
 */
export interface Subscriber {
  /** Rejects with `NOT_FOUND` where the subscription has not been declared. */
  open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source>
  /**
   * Deletes the subscription with all that waits in it and its dead letters. Idempotent. Its sources, in other processes
   * too, end with `NOT_FOUND`: at once, or when they pull the next time. A pull that only rejects would be tried for ever.
   */
  remove(subscription: SubscriptionName): Promise<void>
}

/**
 * The shared answer to "nothing to report".
 *
 * @example
 * ```ts
 * import { NO_EXCEPTIONS, type SettleException } from '@pluribus/core/driver'
 *
 * const report = (found: readonly SettleException[]) => (found.length === 0 ? NO_EXCEPTIONS : found)
 * ```
 */
export const NO_EXCEPTIONS: readonly never[] = Object.freeze([])
/**
 * The shared answer to a pull that found nothing and expects nothing.
 *
 * @example
 * ```ts
 * import { type Delivery, NOTHING_PULLED } from '@pluribus/core/driver'
 *
 * const pulled = (deliveries: readonly Delivery[]) => (deliveries.length === 0 ? NOTHING_PULLED : { deliveries })
 * ```
 */
export const NOTHING_PULLED: Pulled = Object.freeze({ deliveries: Object.freeze([]) })
