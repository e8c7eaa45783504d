import type { Headers, Payload } from '../driver/message.js'

/**
 * A message as a handler, `history` or a dead letter shows it. Every view is of its own: changing `data` changes nothing
 * for anybody else.
 *
 * @example
 * ```ts
 * import type { Message } from '@pluribus/core'
 *
 * const describe = (message: Message<{ total: number }>) => `${message.topic} ${message.id}: ${message.data.total}`
 * ```
 */
export interface Message<T> {
  readonly id: string
  readonly topic: string
  /** Decoded when first read; throws `DECODING` where the payload is not what its topic says. */
  readonly data: T
  readonly key: string | undefined
  /** 0 if none was given; larger is sooner. */
  readonly priority: number
  readonly headers: Headers
  /** When it was published. */
  readonly time: Date
  /** Who published it: the broker's `source` option. */
  readonly source: string
  /** The version of the data's shape. */
  readonly version: number
  /** The id of the first message of the chain: its own, if it is the first. */
  readonly correlationId: string
  /** The id of the message whose handler published this one. */
  readonly causationId: string | undefined
  readonly contentType: string
  /** A copy of the stored payload. */
  readonly payload: Payload
}
