import type { Payload } from '../driver/message.js'

/**
 * How a topic's data becomes a payload and comes back. Both directions are synchronous. `encode` throws a `PluribusError`
 * `ENCODING` rather than altering the data, `decode` throws `DECODING`; core copies the bytes that `encode` returns, and
 * `decode` never returns a view of the payload it is given, because other readers will see the same payload. Text that is
 * encoded is well-formed Unicode: a lone surrogate is `ENCODING`, because no broker could keep it.
 *
 * @example
 * ```ts
 * import type { Codec } from '@pluribus/core'
 *
 * const text: Codec<string> = {
 *   contentType: 'text/plain; charset=utf-8',
 *   encode: value => value,
 *   decode: payload => (typeof payload === 'string' ? payload : new TextDecoder().decode(payload)),
 * }
 * ```
 */
export interface Codec<T> {
  /** The media type, stored with every message. */
  readonly contentType: string
  encode(value: T): Payload
  decode(payload: Payload): T
}
