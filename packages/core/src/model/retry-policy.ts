import { PluribusError } from '../errors/pluribus-error.js'
import { type Duration, toMilliseconds } from './duration.js'
import { checkInteger, checkOptions } from './options.js'
import { quote } from './quote.js'

/**
 * How often and when a failed delivery is tried again.
 *
 * @example
 * ```ts
 * import type { RetryOptions } from '@pluribus/core'
 *
 * const patient: RetryOptions = { attempts: 10, delays: ['1s', '1m', '1h'] }
 * ```
 */
export interface RetryOptions {
  /** Failed runs allowed before the message is dead-lettered, 1 to 1,000. Default: 5. */
  readonly attempts?: number
  /**
   * The delays before attempt 2, 3, …; the last one repeats. Up to 64; none at all means at once. Default: 100 ms, 1 s,
   * 5 s, 30 s.
   */
  readonly delays?: readonly Duration[]
}

/** {@link RetryOptions} with defaults applied: `delays` in milliseconds. Frozen. */
export interface RetryPolicy {
  readonly attempts: number
  readonly delays: readonly number[]
}

const MAX_ATTEMPTS = 1_000
const MAX_DELAYS = 64

/** What a subscription gets that says nothing about retries. */
export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  attempts: 5,
  delays: Object.freeze([100, 1_000, 5_000, 30_000]),
})

function resolveDelays(value: unknown): readonly number[] {
  if (value === undefined) return DEFAULT_RETRY.delays
  if (!Array.isArray(value) || value.length > MAX_DELAYS) {
    const found = Array.isArray(value) ? `${value.length} delays` : quote(value)
    const message = `retry.delays: ${found} is not legal: use an array of at most ${MAX_DELAYS} durations, such as ['100ms', '1s'].`
    throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'retry.delays', most: MAX_DELAYS } })
  }
  return Object.freeze(Array.from(value, (delay, index) => toMilliseconds(delay, `retry.delays[${index}]`)))
}

/**
 * Checks {@link RetryOptions} and applies the defaults. Throws `INVALID_ARGUMENT`.
 */
export function resolveRetry(options: unknown): RetryPolicy {
  if (options === undefined) return DEFAULT_RETRY
  const { attempts, delays } = checkOptions(options, ['attempts', 'delays'], 'retry')
  return Object.freeze({
    attempts:
      attempts === undefined ? DEFAULT_RETRY.attempts : checkInteger(attempts, 'retry.attempts', 1, MAX_ATTEMPTS),
    delays: resolveDelays(delays),
  })
}

/**
 * Milliseconds to wait after this many failed runs; the last delay repeats, and without delays it is 0.
 */
export function delayBefore(retry: RetryPolicy, failedRuns: number): number {
  const { delays } = retry
  if (failedRuns < 1) return 0
  return delays[Math.min(failedRuns, delays.length) - 1] ?? 0
}
