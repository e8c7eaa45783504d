import type { Payload } from '../driver/message.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { Codec } from './codec.js'
import { quote } from './quote.js'

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get

/** The tag reads an internal slot: right for arrays of another realm, and for those that only pretend. */
export const isUint8Array = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && (value instanceof Uint8Array || tagOf?.call(value) === 'Uint8Array')

/** A detached buffer reads as empty: without this look, its bytes would be lost without a word. */
function isDetached(value: Uint8Array): boolean {
  if (value.byteLength > 0) return false
  try {
    return new Uint8Array(value.buffer).byteLength < 0
  } catch {
    return true
  }
}

function hintFor(value: unknown): string {
  if (typeof value === 'string') return 'Send new TextEncoder().encode(text), or use the json codec.'
  if (ArrayBuffer.isView(value)) return 'Send new Uint8Array(view.buffer, view.byteOffset, view.byteLength).'
  return 'Send a Uint8Array or a Buffer, or use the json codec.'
}

function encode(value: Uint8Array): Payload {
  if (isUint8Array(value)) {
    if (!isDetached(value)) return value
    throw new PluribusError('ENCODING', 'The data is a view of a detached buffer. Publish before it is transferred.')
  }
  throw new PluribusError('ENCODING', `The data is ${quote(value)}, and this topic carries bytes. ${hintFor(value)}`)
}

function decode(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload, 'utf8')
  // The fastest copy that was measured; the handler may do with it what it likes.
  const copy = Buffer.allocUnsafe(payload.byteLength)
  copy.set(payload)
  return copy
}

/**
 * The codec for raw bytes. Takes any `Uint8Array` (a `Buffer` is one) and gives a `Buffer` of its own to each reader.
 * Nothing is copied when publishing: core does that, once.
 *
 * @example
 * ```ts
 * import { bytes, topic } from '@pluribus/core'
 *
 * export const thumbnails = topic('images.thumbnail', { codec: bytes })
 * ```
 */
export const bytes: Codec<Uint8Array> = Object.freeze({ contentType: 'application/octet-stream', encode, decode })
