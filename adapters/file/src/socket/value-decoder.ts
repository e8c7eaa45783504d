import { isUtf8 } from 'node:buffer'
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
  type PlainValue,
  RECORD,
  TEXT,
  TRUE,
  UNDEFINED,
  WIDE,
} from './plain-value.js'

const malformed = (what: string) => new PluribusError('DECODING', `The peer sent what is no data: ${what}.`)

/** Reads what a `ValueEncoder` has written; anything else is refused, and costs no more memory than some ten times its bytes. */
export class ValueDecoder {
  readonly #bytes: Buffer
  #at: number
  #values = 0

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes
    this.#at = offset
  }

  byte(): number {
    this.#need(1)
    return this.#bytes[this.#at++] as number
  }

  u32(): number {
    this.#need(4)
    const value = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return value
  }

  /** @throws PluribusError `DECODING` unless everything has been read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('something follows it')
  }

  /** @throws PluribusError `DECODING`. */
  value(depth = 0): PlainValue {
    if (++this.#values > MAX_VALUES) throw malformed('it has too many values')
    const kind = this.byte()
    switch (kind) {
      case UNDEFINED:
        return undefined
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case INTEGER:
        this.#need(4)
        this.#at += 4
        return this.#bytes.readInt32LE(this.#at - 4)
      case NUMBER:
        this.#need(8)
        this.#at += 8
        return this.#bytes.readDoubleLE(this.#at - 8)
      case TEXT:
      case WIDE:
        return this.#text(kind)
      case BYTES:
        return this.#take(this.u32())
      case LIST:
        return this.#list(depth + 1)
      case RECORD:
        return this.#record(depth + 1)
      default:
        throw malformed(`${kind} is no kind of value`)
    }
  }

  #text(kind: number): string {
    const bytes = this.#take(this.u32())
    if (kind === WIDE) {
      if (bytes.length % 2 !== 0) throw malformed('a text ends within a character')
      return bytes.toString('utf16le')
    }
    if (kind !== TEXT || !isUtf8(bytes)) throw malformed('a text is none')
    return bytes.toString('utf8')
  }

  #list(depth: number): PlainValue[] {
    const count = this.#count(depth)
    const list: PlainValue[] = []
    for (let index = 0; index < count; index++) list.push(this.value(depth))
    return list
  }

  #record(depth: number): { readonly [key: string]: PlainValue } {
    const count = this.#count(depth)
    const record: Record<string, PlainValue> = {}
    for (let index = 0; index < count; index++) {
      const key = this.#text(this.byte())
      if (Object.hasOwn(record, key)) throw malformed('a key is there twice')
      const value = this.value(depth)
      // An assignment would call the setter that every object inherits.
      if (key === '__proto__') {
        Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
      } else record[key] = value
    }
    return record
  }

  /** How many follow, as is said: nothing is made of it before they are there. */
  #count(depth: number): number {
    if (depth > MAX_DEPTH) throw malformed('it is nested too deep')
    return this.u32()
  }

  #take(length: number): Buffer {
    this.#need(length)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #need(length: number): void {
    if (this.#at + length > this.#bytes.length) throw malformed('it is cut off')
  }
}
