import type { Payload } from '../driver/message.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { Codec } from './codec.js'
import { isFaithful } from './json-check.js'
import { isTooDeep, MAX_DEPTH } from './json-depth.js'
import { explain } from './json-explain.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

function write(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new PluribusError('TOO_LARGE', 'The data exceeds the longest text that JavaScript can hold. Split it.', {
        cause,
      })
    }
    throw new PluribusError('ENCODING', 'The data changed while it was read. Publish a plain copy of it.', { cause })
  }
  if (text !== undefined) return text
  throw new PluribusError('ENCODING', 'The data changed while it was read. Publish a plain copy of it.')
}

function encode(value: unknown): Payload {
  // The walk only says yes or "perhaps not": what a no means, and whether it is one, is found out slowly.
  if (!isFaithful(value)) explain(value)
  return write(value)
}

/** The engine's own message quotes the payload, which may be secret: only the position is taken from it. */
function reasonOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : ''
  if (text === '') return 'the payload is empty'
  const position = /at position (\d{1,10})(?: \(line \d+ column \d+\))?$/.exec(message)?.[1]
  if (position !== undefined) return `malformed at character ${position} of ${text.length}`
  return message.includes('end of JSON')
    ? `it ends too early, after ${text.length} characters`
    : `malformed (${text.length} characters)`
}

const hint = 'Was it published by another program, or with another codec?'

function read(payload: Uint8Array): string {
  try {
    return utf8.decode(payload)
  } catch {
    throw new PluribusError(
      'DECODING',
      `The payload is not JSON: its ${payload.byteLength} bytes are not valid UTF-8. ${hint}`,
    )
  }
}

function decode(payload: Payload): unknown {
  const text = typeof payload === 'string' ? payload : read(payload)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new PluribusError('DECODING', `The payload is not JSON: ${reasonOf(error, text)}. ${hint}`)
  }
  if (!isTooDeep(value, text)) return value
  throw new PluribusError('DECODING', `The payload is nested deeper than ${MAX_DEPTH} levels.`, {
    details: { limit: MAX_DEPTH },
  })
}

const shared = Object.freeze({ contentType: 'application/json', encode, decode })

/**
 * The default codec. What a handler gets is deep-equal to what was published, or publishing throws `ENCODING` and names
 * the place, e.g. `data.items[3].price`: nothing that JSON would alter or drop gets through. That is everything but
 * strings, finite numbers, booleans, null, arrays without holes and plain objects. Three exceptions: members of objects
 * that are `undefined` are left out, so are named properties of arrays (looking for them costs a third of encoding), and
 * `-0` becomes `0`. Nesting: 512 levels.
 *
 * Decoding throws `DECODING`; its messages never contain the payload. One shared instance, whatever the type.
 *
 * @example
 * ```ts
 * import { json, topic } from '@pluribus/core'
 *
 * export const orderPlaced = topic('orders.placed', { codec: json<{ id: string; total: number }>() })
 * ```
 */
export const json = <T>(): Codec<T> => shared as Codec<T>
