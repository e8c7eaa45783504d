import { PluribusError } from '@pluribus/core/driver'
import {
  BYTES,
  FALSE,
  INTEGER,
  LIST,
  MAX_DEPTH,
  MAX_VALUES,
  NULL,
  NUMBER,
  RECORD,
  TEXT,
  TRUE,
  UNDEFINED,
  WIDE,
} from './plain-value.js'

const SMALLEST = 256
/** Up to so many characters a text is given the most room it may need; a longer one is measured. */
const SHORT = 1024

const refused = (message: string, code: 'INVALID_ARGUMENT' | 'TOO_LARGE' = 'INVALID_ARGUMENT') =>
  new PluribusError(code, message)

/** Bytes that grow as values are written, up to a limit. */
export class ValueEncoder {
  readonly #limit: number
  #bytes = Buffer.allocUnsafe(SMALLEST)
  #end = 0
  #values = 0

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** What has been written: not touched again by this encoder. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  /** @throws PluribusError `TOO_LARGE` where there is more than the limit, and so many bytes. */
  insistOnLimit(besides: number): void {
    if (this.#end > this.#limit + besides) throw this.#tooLarge()
  }

  byte(value: number): void {
    this.#make(1)
    this.#bytes[this.#end++] = value
  }

  u32(value: number): void {
    this.#make(4)
    this.#end = this.#bytes.writeUInt32LE(value, this.#end)
  }

  /**
   * Writes a value.
   *
   * @throws PluribusError `INVALID_ARGUMENT` for what is not plain data, or nested too deep; `TOO_LARGE`.
   */
  value(value: unknown, depth = 0): void {
    if (++this.#values > MAX_VALUES) throw refused(`More than ${MAX_VALUES} values. Split the call.`, 'TOO_LARGE')
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (value === undefined) this.byte(UNDEFINED)
    else if (value === null) this.byte(NULL)
    else if (typeof value === 'boolean') this.byte(value ? TRUE : FALSE)
    else if (typeof value === 'object') this.#object(value, depth)
    else throw refused(`A ${typeof value} is no data that can be sent.`)
  }

  #object(value: object, depth: number): void {
    if (value instanceof Uint8Array) return this.#raw(value)
    if (depth >= MAX_DEPTH) throw refused(`The data is nested deeper than ${MAX_DEPTH} levels, or refers to itself.`)
    if (Array.isArray(value)) {
      this.byte(LIST)
      this.u32(value.length)
      // By index, so that holes are sent as what they read as.
      for (let index = 0; index < value.length; index++) this.value(value[index], depth + 1)
      return
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      throw refused('Only plain objects, arrays and Uint8Arrays can be sent, no instances of classes.')
    }
    const entries = Object.entries(value)
    this.byte(RECORD)
    this.u32(entries.length)
    for (const [key, held] of entries) {
      this.#text(key)
      this.value(held, depth + 1)
    }
  }

  #number(value: number): void {
    if (value === (value | 0) && !Object.is(value, -0)) {
      this.#make(5)
      this.#bytes[this.#end] = INTEGER
      this.#end = this.#bytes.writeInt32LE(value, this.#end + 1)
    } else {
      this.#make(9)
      this.#bytes[this.#end] = NUMBER
      this.#end = this.#bytes.writeDoubleLE(value, this.#end + 1)
    }
  }

  #text(value: string): void {
    const isWide = !value.isWellFormed()
    const encoding = isWide ? 'utf16le' : 'utf8'
    this.#make(5 + (value.length <= SHORT ? value.length * 3 : Buffer.byteLength(value, encoding)))
    const length = this.#bytes.write(value, this.#end + 5, encoding)
    this.#bytes[this.#end] = isWide ? WIDE : TEXT
    this.#bytes.writeUInt32LE(length, this.#end + 1)
    this.#end += 5 + length
  }

  #raw(value: Uint8Array): void {
    this.byte(BYTES)
    this.u32(value.length)
    this.#make(value.length)
    this.#bytes.set(value, this.#end)
    this.#end += value.length
  }

  #tooLarge(): PluribusError {
    return refused(`The data takes more than ${this.#limit} bytes. Send less at once.`, 'TOO_LARGE')
  }

  #make(room: number): void {
    const needed = this.#end + room
    if (needed <= this.#bytes.length) return
    // Short texts are given more room than they may take, so that this only keeps it from growing far beyond.
    if (needed > this.#limit + SHORT * 4) throw this.#tooLarge()
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
