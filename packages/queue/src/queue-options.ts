import type { Trouble } from './trouble.js'

/**
 * In which order a subscription hands out what is ready.
 *
 * @example
 * ```ts
 * import type { Order } from '@pluribus/queue'
 *
 * const orders: readonly Order[] = ['fifo', 'lifo', 'priority']
 * ```
 */
export type Order = 'fifo' | 'lifo' | 'priority'

/**
 * What a queue is told about the messages it orders. The functions must not call back into the queue.
 *
 * @example
 * ```ts
 * import type { QueueOptions } from '@pluribus/queue'
 *
 * const options: QueueOptions = { order: 'fifo', bands: 1, keyOf: () => undefined, bandOf: () => 0, handled: () => {} }
 * ```
 */
export interface QueueOptions {
  readonly order: Order
  /** 1 for fifo and lifo, the number of levels for priority. Band 0 is served first. */
  readonly bands: number
  /** Ordering key of a message, or undefined. Must not change while the message is pending or dead. */
  keyOf(position: number): string | undefined
  /** Band of a message, 0 to `bands - 1`. Must not change while the message is pending or dead. Not asked with one band. */
  bandOf(position: number): number
  /** A message is gone from this subscription for good (acked, or discarded when dead). Called last, once for each. */
  handled(position: number): void
}

/**
 * How many messages are in which state.
 *
 * @example
 * ```ts
 * import type { QueueCounts } from '@pluribus/queue'
 *
 * const open = ({ waiting, leased, retrying, scheduled }: QueueCounts) => waiting + leased + retrying + scheduled
 * ```
 */
export interface QueueCounts {
  /** Ready, or blocked behind their key. */
  readonly waiting: number
  readonly leased: number
  /** Between two runs, until a time. */
  readonly retrying: number
  /** Published with a delay that has not passed. */
  readonly scheduled: number
  readonly dead: number
}

/**
 * A message that a queue is rebuilt with, from what was kept of an earlier one.
 *
 * @example
 * ```ts
 * import type { Restored } from '@pluribus/queue'
 *
 * const failedTwice: Restored = {
 *   position: 7, state: 'ready', due: 0,
 *   trouble: { failures: 2, losses: 0, marks: 0, lostBy: undefined, lostMarked: false },
 * }
 * ```
 */
export interface Restored {
  readonly position: number
  /**
   * `scheduled`: it was never ready, and takes its place when it is due. `retrying`: it keeps the place that it is told at. `leased`: so it
   * does, and the first consumer of its holder takes it over; when its lease has ended before, the holder has lost it.
   */
  readonly state: 'ready' | 'scheduled' | 'retrying' | 'leased' | 'dead'
  /** When it is ready again, where it is scheduled or retrying, and when its lease ends; by the clock of the queue's new life. */
  readonly due: number
  /** What is held against it; undefined for nothing, as for the dead. Of one that is leased, `lostMarked` tells whether its lease is marked. */
  readonly trouble: Trouble | undefined
  /** The instance that has it, where it is leased. */
  readonly holder?: number
}
