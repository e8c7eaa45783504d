/**
 * What a simulated log broker's client can be told, as a real one's would: these are native errors, for an adapter to classify.
 *
 * @example
 * ```ts
 * import type { SimLogErrorKind } from '@pluribus/core/testing'
 *
 * const isDoubtful = (kind: SimLogErrorKind) => kind === 'LOST' || kind === 'TIMEOUT'
 * ```
 */
export type SimLogErrorKind =
  /** Nobody listens. */
  | 'REFUSED'
  /** The link broke; what was under way may have happened. */
  | 'LOST'
  /** No reply came in time; it may have happened. */
  | 'TIMEOUT'
  /** No such channel, partition or group. */
  | 'NOT_FOUND'
  /** The partition is not this member's, or the member is not known any more. */
  | 'FENCED'
  /** A newer member of the same instance has taken the place of this one. */
  | 'REPLACED'
  /** The partition is between two owners: later. */
  | 'REBALANCING'
  /** The server could not store anything. */
  | 'STORAGE'
  /** The note is longer than the server stores. */
  | 'NOTE_TOO_LONG'
  /** The link was closed by this client. */
  | 'CLOSED'

/**
 * A native error of the simulated log broker.
 *
 * @example
 * ```ts
 * import { SimLogError } from '@pluribus/core/testing'
 *
 * const isDown = (error: unknown) => error instanceof SimLogError && error.kind === 'REFUSED'
 * ```
 */
export class SimLogError extends Error {
  override readonly name = 'SimLogError'
  readonly kind: SimLogErrorKind

  constructor(kind: SimLogErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}
