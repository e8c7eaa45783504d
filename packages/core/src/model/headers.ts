import type { Headers } from '../driver/message.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { isPlainObject } from './plain-object.js'
import { quote, quoteText } from './quote.js'

/** The most headers of one message. */
export const MAX_HEADERS = 64
/** The most bytes of all names and values together, as UTF-8. */
export const MAX_HEADERS_SIZE = 65_536
/** Characters (UTF-16 code units) of a header's name. */
export const MAX_HEADER_NAME = 128

const RESERVED = 'pluribus-'
const ASCII = /^[ -~]+$/
const CONTROL = /\p{Cc}/u
const LINE_BREAK = /[\r\n]/

/**
 * What a message without headers has: one shared, frozen object without prototype.
 *
 * @example
 * ```ts
 * import { EMPTY_HEADERS, type OutgoingMessage } from '@pluribus/core/driver'
 *
 * const isBare = (message: OutgoingMessage) => message.headers === EMPTY_HEADERS
 * ```
 */
export const EMPTY_HEADERS: Headers = Object.freeze(Object.create(null) as Record<string, string>)

function refuse(message: string, header?: string, cause?: unknown): never {
  const details = header === undefined ? {} : { header: header.slice(0, MAX_HEADER_NAME) }
  throw new PluribusError('INVALID_ARGUMENT', message, cause === undefined ? { details } : { details, cause })
}

function tooLarge(message: string, details: Readonly<Record<string, unknown>>): never {
  throw new PluribusError('TOO_LARGE', `${message} Put what is large into the data.`, { details })
}

function checkName(name: string): void {
  const length = name.length
  if (length === 0) refuse('A header has an empty name. Name it, or leave it out.', name)
  if (length > MAX_HEADER_NAME) {
    refuse(`The header name ${quoteText(name)} is too long: use at most ${MAX_HEADER_NAME} characters.`, name)
  }
  if (length >= RESERVED.length && name.slice(0, RESERVED.length).toLowerCase() === RESERVED) {
    refuse(`The header name ${quoteText(name)} is reserved: '${RESERVED}…' is ours. Choose another prefix.`, name)
  }
  if (!ASCII.test(name) && (!name.isWellFormed() || CONTROL.test(name))) {
    refuse(`The header name ${quoteText(name)} has a control character or a lone surrogate. Remove it.`, name)
  }
}

function checkValue(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') {
    refuse(`The header ${quoteText(name)} is ${quote(value)}: values are strings. Convert it, or leave it out.`, name)
  }
  if (!value.isWellFormed()) {
    refuse(`The header ${quoteText(name)} has a lone surrogate in its value. Use value.toWellFormed().`, name)
  }
  if (LINE_BREAK.test(value) || value.includes('\0')) {
    refuse(`The header ${quoteText(name)} has CR, LF or NUL in its value. Encode it, e.g. as JSON.`, name)
  }
}

/** Two spellings of one text would collide, or not, depending on the broker and on who reads them. */
function checkNormalised(names: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(name.normalize('NFC'))
    if (other !== undefined)
      refuse(`Two headers have the name ${quoteText(name)} in two Unicode forms. Keep one.`, name)
    seen.set(name.normalize('NFC'), name)
  }
}

function readNames(value: unknown): readonly string[] {
  try {
    if (isPlainObject(value) && Object.getOwnPropertySymbols(value).length === 0) return Object.keys(value)
  } catch (cause) {
    refuse('The headers could not be read. Pass a plain object of strings.', undefined, cause)
  }
  const hint = value instanceof Map ? 'Use Object.fromEntries(map).' : 'Pass a plain object of strings.'
  return refuse(`The headers are ${quote(value)}, or have symbols for names. ${hint}`)
}

function readValue(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch (cause) {
    return refuse(`The header ${quoteText(name)} could not be read: its getter throws.`, name, cause)
  }
}

/** Bytes of all names and values as UTF-8. */
export function headersSize(headers: Headers): number {
  let size = 0
  for (const name in headers) size += Buffer.byteLength(name) + Buffer.byteLength(headers[name] as string)
  return size
}

function copy(value: unknown, names: readonly string[]): Headers {
  const headers = Object.create(null) as Record<string, string>
  let units = 0
  let ascii = true
  for (const name of names) {
    const text = readValue(value, name)
    units += name.length + (typeof text === 'string' ? text.length : 0)
    // No UTF-8 is shorter than its UTF-16 has units: a megabyte is refused before anything reads it.
    if (units > MAX_HEADERS_SIZE) tooLarge(`The headers exceed ${MAX_HEADERS_SIZE} bytes.`, { limit: MAX_HEADERS_SIZE })
    checkName(name)
    checkValue(name, text)
    ascii &&= ASCII.test(name)
    headers[name] = text
  }
  if (!ascii) checkNormalised(names)
  // And none is longer than three times its UTF-16: most headers are not counted at all.
  if (units * 3 > MAX_HEADERS_SIZE && headersSize(headers) > MAX_HEADERS_SIZE) {
    tooLarge(`The headers exceed ${MAX_HEADERS_SIZE} bytes.`, { limit: MAX_HEADERS_SIZE, size: headersSize(headers) })
  }
  return Object.freeze(headers)
}

/**
 * A frozen copy of a message's headers, without prototype: `__proto__` and `constructor` are names like any others.
 * {@link EMPTY_HEADERS} for none. Names: 1 to 128 characters, well-formed, no control characters, not `pluribus-…`, no two
 * equal after NFC normalisation. Values: well-formed strings without CR, LF or NUL. Throws `INVALID_ARGUMENT`, and
 * `TOO_LARGE` above 64 headers or 64 KiB in total.
 */
export function checkHeaders(value: unknown): Headers {
  if (value === undefined) return EMPTY_HEADERS
  const names = readNames(value)
  if (names.length === 0) return EMPTY_HEADERS
  if (names.length > MAX_HEADERS) {
    tooLarge(`There are ${names.length} headers, and at most ${MAX_HEADERS} are legal.`, {
      limit: MAX_HEADERS,
      count: names.length,
    })
  }
  return copy(value, names)
}
