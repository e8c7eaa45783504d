import type { PublishOutcome } from '../errors/pluribus-error.js'
import type { OutgoingMessage } from './message.js'

/**
 * What became of one message of a batch that was not simply stored.
 *
 * @example
 * ```ts
 * import type { PublishException } from '@pluribus/core/driver'
 *
 * const suppressed: PublishException = { index: 3, kind: 'duplicate' }
 * ```
 */
export type PublishException =
  | { readonly index: number; readonly kind: 'duplicate' }
  | { readonly index: number; readonly kind: 'failed'; readonly outcome: PublishOutcome; readonly error: unknown }

/**
 * A numbered stream of messages from one forwarder (dual-write): `epoch` grows when the forwarder is replaced.
 *
 * @example
 * ```ts
 * import type { Lane } from '@pluribus/core/driver'
 *
 * const lane: Lane = { name: 'outbox:orders.placed', epoch: 1 }
 * ```
 */
export interface Lane {
  readonly name: string
  readonly epoch: number
}

/**
 * Stores messages. Batches in, exceptions out: no promise per message.
 *
 * @example
 * ```ts
 * import { NO_EXCEPTIONS, type Publisher } from '@pluribus/core/driver'
 *
 * const sink: Publisher = { window: 1, publish: async () => NO_EXCEPTIONS }
 * ```
 */
export interface Publisher {
  /**
   * Batches that may be in flight with order kept: more than 1 only where a failed batch fails those behind it. Beside them core may
   * have one message of its journal in flight, whose order with the others means nothing. Read before each batch, so it may change:
   * 0 where nothing is to be sent, because the connection is about to be lost.
   */
  readonly window: number
  /**
   * Resolves when everything is as durable as `capabilities.durability` says, but for the exceptions; rejects where the
   * outcome of the whole batch is in doubt. Order within the batch is kept, and a batch may be of several topics; a message of
   * one that is not stored fails, definite, with `NOT_FOUND`. The messages may be retained.
   */
  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]>
  /**
   * Stores the batch and the lane's position in one step: skips what is there already, stores nothing on a gap or an old
   * epoch. Answers the lane's position after it.
   */
  publishSequenced?(lane: Lane, first: number, batch: readonly OutgoingMessage[]): Promise<number>
  /** The lane's position; 0 for a lane not seen before. */
  position?(lane: Lane): Promise<number>
}
