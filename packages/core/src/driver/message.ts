/**
 * Header names and values, both text. The object has no prototype, so that a header may be called `__proto__`.
 *
 * @example
 * ```ts
 * import type { Headers } from '@pluribus/core'
 *
 * const tenantOf = (headers: Headers) => headers['tenant'] ?? 'none'
 * ```
 */
export type Headers = Readonly<Record<string, string>>

/**
 * An encoded payload: bytes, or text for codecs that make text (JSON travels as the string it is).
 *
 * @example
 * ```ts
 * import type { Payload } from '@pluribus/core/driver'
 *
 * const sizeOf = (payload: Payload) => (typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength)
 * ```
 */
export type Payload = Uint8Array | string

/**
 * A message as it is stored, and as every handler, dead letter and redrive sees it again, byte for byte. Members may be
 * getters: read them by name, a spread of the object is empty.
 * Adapters may keep the object itself: core never changes it, and never hands it to user code. All text is well-formed
 * Unicode; ids and keys have no control characters, a payload may have any.
 *
 * @example
 * ```ts
 * import type { StoredMessage } from '@pluribus/core/driver'
 *
 * const line = (message: StoredMessage) => `${message.topic} ${message.id} ${new Date(message.time).toISOString()}`
 * ```
 */
export interface StoredMessage {
  readonly id: string
  readonly topic: string
  readonly payload: Payload
  /** What the codec says of the payload, e.g. `application/json`. */
  readonly contentType: string
  /** The ordering key, if there is one: `''` is a key like any other. */
  readonly key: string | undefined
  /** A whole number from 0, larger is sooner. 0 if none was given. */
  readonly priority: number
  readonly headers: Headers
  /** When it was published, by the publisher's clock, in milliseconds since the epoch. */
  readonly time: number
  /** Who published: the broker's `source` option. */
  readonly source: string
  /** The version of the topic's data, from 1. */
  readonly version: number
  /** The id of the first message of the chain; `undefined` where that is this message. */
  readonly correlationId: string | undefined
  /** The id of the message whose handler published this one. */
  readonly causationId: string | undefined
}

/**
 * A message on its way to the broker.
 *
 * @example
 * ```ts
 * import type { OutgoingMessage } from '@pluribus/core/driver'
 *
 * const needsIndex = (message: OutgoingMessage) => message.idSupplied
 * ```
 */
export interface OutgoingMessage extends StoredMessage {
  /** Whether the caller chose the id. Generated ids are unique: only supplied ones need the de-duplication index. */
  readonly idSupplied: boolean
  /** Of the payload: bytes, or characters where it is text. Known without looking at the payload, which may be made on demand. */
  readonly size: number
  /** How long after it is stored it becomes due, in milliseconds; 0 for at once. Relative, so that no two clocks are compared. */
  readonly delay: number
}
