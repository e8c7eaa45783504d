import type { ErrorRecord } from '../errors/error-record.js'
import type { Message } from './message.js'

/**
 * A message that a subscription could not handle, as it was published, and why.
 *
 * @example
 * ```ts
 * import type { DeadLetter } from '@pluribus/core'
 *
 * const line = (dead: DeadLetter<unknown>) => `${dead.message.id} ${dead.reason} after ${dead.attempts} failed runs`
 * ```
 */
export interface DeadLetter<T> {
  readonly message: Message<T>
  readonly subscription: string
  /**
   * What a handler gave to `reject`, or one of {@link DEAD_REASONS}.
   */
  readonly reason: string
  /** Oldest first: the first one and the latest, at most 20. */
  readonly errors: readonly ErrorRecord[]
  /** Failed runs. */
  readonly attempts: number
  /** How often it had vanished with a consumer. */
  readonly losses: number
  /** When it died. */
  readonly time: Date
}

/**
 * The reasons that Pluribus gives by itself.
 *
 * @example
 * ```ts
 * import { DEAD_REASONS } from '@pluribus/core'
 *
 * const isOurs = (reason: string) => Object.hasOwn(DEAD_REASONS, reason)
 * ```
 */
export const DEAD_REASONS = Object.freeze({
  /** Every attempt has failed. */
  EXHAUSTED: 'EXHAUSTED',
  /** The data does not satisfy the topic's schema. */
  INVALID_DATA: 'INVALID_DATA',
  /** The payload cannot be decoded. */
  UNDECODABLE: 'UNDECODABLE',
  /** It took its process down too often. */
  CRASHED: 'CRASHED',
} as const)
