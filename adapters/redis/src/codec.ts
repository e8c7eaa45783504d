import {
  EMPTY_HEADERS,
  type Headers,
  type OutgoingMessage,
  type Payload,
  type StoredMessage,
} from '@pluribus/core/driver'
import { ROOM, type Written } from './call.js'

/*
 * A message as it is stored. Numbers are big-endian. Scripts read the head, key and id; the rest is ours alone.
 *
 *   0       1       2          4            6           8        12
 *   +-------+-------+----------+------------+-----------+--------+-------+------+
 *   | kind  | flags | priority | key length | id length |  size  |  key  |  id  |
 *   |  u8   |  u8   |   u16    |    u16     |    u16    |  u32   |  ...  |  ... |
 *   +-------+-------+----------+------------+-----------+--------+-------+------+
 *   +--------+---------+--------------+--------+-------------+-----------+---------------+---------+
 *   |  time  | version | content type | source | correlation | causation | headers       | payload |
 *   |  f64   |   u32   | u16 ...      | u16 .. | u16 ...     | u16 ...   | u16, each u16 |  ...    |
 *   |        |         |              |        |             |           | ... u32 ...   |         |
 *   +--------+---------+--------------+--------+-------------+-----------+---------------+---------+
 *
 * `kind` is `m`, or `d` for a message that was published with a delay. `size` is what retention by bytes counts: payload
 * and headers. Content type, correlation, causation and headers are there where the flags say so: each byte is looked at again and
 * again on its way.
 */
const HEAD = 12
/** `kind`. */
const MESSAGE = 0x6d
const DELAYED = 0x64
/** `flags`: it has a key; its id is to be recognised; its payload is text; it has a correlation, a causation. */
const KEYED = 1
const INDEXED = 2
const TEXT = 4
const CORRELATED = 8
const CAUSED = 16
/** It names its content type; it is JSON where it neither does that nor is said to be bytes; it has headers. */
const NAMED = 32
const BYTES = 64
const HEADED = 128
const JSON_TYPE = 'application/json'
const BYTES_TYPE = 'application/octet-stream'
/** By which flags the short strings are there, in their order; 0: always. */
const SHORTS = [NAMED, 0, CORRELATED, CAUSED] as const
/** The most bytes of UTF-8 for a unit of a string. */
const WIDEST = 3
const CR = 0x0d
const LF = 0x0a
const DOLLAR = 0x24
const ZERO = 0x30
/** What a batch is written into first, in bytes. */
const SHORTEST = ROOM + 4_096
/** Up to so many characters are written one by one: it takes longer to ask the runtime to do it. */
const FEW = 32
/** The most that stands before an entry, `$length\r\n`, and behind it. */
const FRAME = 3 + 10 + 2
/** The most of a message but its strings and its payload. */
const FIXED = FRAME + HEAD + 12 + 5 * 2

/** A part of a batch, ready to be stored. */
export interface Encoded {
  readonly entries: Written
  /** `index delay …` of what is delayed, from 1; in milliseconds. */
  readonly delays: string
  /**
   * Bytes as retention counts them, the length of the longest entry, how many are not delayed, how many ids are to be looked up,
   * how many have a key.
   */
  readonly totals: string
  /** What the entries are in: free again once they are stored. */
  readonly scratch: Buffer
}

/** Writes messages of one topic as arguments, into a scratch where they have room, and into a longer one otherwise. */
export function encode(messages: readonly OutgoingMessage[], scratch: Buffer = Buffer.allocUnsafe(SHORTEST)): Encoded {
  const writer = new Writer(scratch)
  let delays = ''
  let ready = 0
  let indexed = 0
  let keyed = 0
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index] as OutgoingMessage
    writer.message(message)
    if (message.delay > 0) delays += `${index + 1} ${message.delay} `
    else ready++
    if (message.idSupplied) indexed++
    if (message.key !== undefined) keyed++
  }
  const totals = `${writer.size} ${writer.longest} ${ready} ${indexed} ${keyed}`
  const { buffer } = writer
  const entries = { count: messages.length, bytes: writer.written, scratch: buffer }
  return { entries, delays, totals, scratch: buffer }
}

/** The most bytes that headers take. */
function headersAtMost(headers: Headers): number {
  let bytes = 0
  for (const name in headers) bytes += 6 + WIDEST * (name.length + (headers[name] as string).length)
  return bytes
}

function digitsOf(length: number): number {
  let digits = 1
  for (let most = 10; length >= most; most *= 10) digits++
  return digits
}

class Writer {
  buffer: Buffer
  #at = ROOM
  /** Of the length of the last entry: that of the next one has mostly as many. */
  #digits = 3
  /** Of all that was written: bytes of payloads and headers, and the longest entry. */
  size = 0
  longest = 0

  constructor(scratch: Buffer) {
    this.buffer = scratch
  }

  get written(): Buffer {
    return this.buffer.subarray(ROOM, this.#at)
  }

  /** Reads each member once: some are made on demand. */
  message(message: OutgoingMessage): void {
    const { key, id, payload, headers, contentType, source, correlationId, causationId } = message
    const isText = typeof payload === 'string'
    const linked = (correlationId?.length ?? 0) + (causationId?.length ?? 0)
    const units = id.length + contentType.length + source.length + (key?.length ?? 0) + linked
    const content = isText ? WIDEST * payload.length : payload.byteLength
    this.#reserve(FIXED + WIDEST * units + (headers === EMPTY_HEADERS ? 0 : headersAtMost(headers)) + content)
    const { buffer } = this
    const start = this.#at + 3 + this.#digits
    buffer[start] = message.delay > 0 ? DELAYED : MESSAGE
    buffer[start + 1] =
      (key === undefined ? 0 : KEYED) |
      (message.idSupplied ? INDEXED : 0) |
      (isText ? TEXT : 0) |
      (correlationId === undefined ? 0 : CORRELATED) |
      (causationId === undefined ? 0 : CAUSED) |
      (contentType === JSON_TYPE ? 0 : contentType === BYTES_TYPE ? BYTES : NAMED)
    buffer.writeUInt16BE(message.priority, start + 2)
    this.#at = start + HEAD
    buffer.writeUInt16BE(key === undefined ? 0 : this.#text(key), start + 4)
    buffer.writeUInt16BE(this.#text(id), start + 6)
    this.#at = buffer.writeUInt32BE(message.version, buffer.writeDoubleBE(message.time, this.#at))
    if (contentType !== JSON_TYPE && contentType !== BYTES_TYPE) this.#short(contentType)
    this.#short(source)
    if (correlationId !== undefined) this.#short(correlationId)
    if (causationId !== undefined) this.#short(causationId)
    const size = this.#headers(headers, start + 1) + (isText ? this.#text(payload) : this.#bytes(payload))
    buffer.writeUInt32BE(size, start + 8)
    const length = this.#at - start
    this.size += size
    if (length > this.longest) this.longest = length
    this.#frame(start, length)
  }

  /** Puts what the protocol wants around an entry that stands somewhere. Byte by byte: a call of the runtime takes longer. */
  #frame(start: number, length: number): void {
    const { buffer } = this
    const digits = digitsOf(length)
    const moved = digits - this.#digits
    if (moved !== 0) buffer.copyWithin(start + moved, start, this.#at)
    this.#digits = digits
    this.#at += moved
    let at = start + moved - 2
    buffer[at] = CR
    buffer[at + 1] = LF
    let rest = length
    for (let digit = 0; digit < digits; digit++) {
      buffer[--at] = ZERO + (rest % 10)
      rest = Math.trunc(rest / 10)
    }
    buffer[at - 1] = DOLLAR
    buffer[this.#at++] = CR
    buffer[this.#at++] = LF
  }

  #reserve(bytes: number): void {
    const least = this.#at + bytes
    if (least <= this.buffer.length) return
    const longer = Buffer.allocUnsafe(Math.max(least, 2 * this.buffer.length))
    this.buffer.copy(longer, 0, 0, this.#at)
    this.buffer = longer
  }

  #text(text: string): number {
    const { length } = text
    if (length > FEW) return this.#long(text)
    const { buffer } = this
    const at = this.#at
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return this.#long(text)
      buffer[at + index] = unit
    }
    this.#at = at + length
    return length
  }

  #long(text: string): number {
    const written = this.buffer.write(text, this.#at)
    this.#at += written
    return written
  }

  #bytes(bytes: Uint8Array): number {
    this.buffer.set(bytes, this.#at)
    this.#at += bytes.byteLength
    return bytes.byteLength
  }

  #short(text: string): number {
    const at = this.#at
    this.#at += 2
    const length = this.#text(text)
    this.buffer.writeUInt16BE(length, at)
    return length
  }

  /** Answers their bytes. Where there are none nothing is written, and the flags, which are at a place, do not say so. */
  #headers(headers: Headers, flags: number): number {
    if (headers === EMPTY_HEADERS) return 0
    const at = this.#at
    this.#at += 2
    let count = 0
    let size = 0
    for (const name in headers) {
      count++
      size += this.#short(name)
      const from = this.#at
      this.#at += 4
      const length = this.#text(headers[name] as string)
      this.buffer.writeUInt32BE(length, from)
      size += length
    }
    if (count === 0) {
      this.#at = at
      return 0
    }
    this.buffer[flags] = (this.buffer[flags] as number) | HEADED
    this.buffer.writeUInt16BE(count, at)
    return size
  }
}

/** A stored message. What is no message of ours, whoever has put it there, is one without anything but its bytes. */
export function readMessage(topic: string, entry: Buffer, position: number | string): StoredMessage {
  try {
    return new RedisMessage(topic, entry)
  } catch (error) {
    // Reading beyond the end.
    if (error instanceof RangeError) return foreign(topic, entry, `${topic}/${position}`)
    throw error
  }
}

const foreign = (topic: string, payload: Buffer, id: string): StoredMessage => ({
  ...{
    id,
    topic,
    payload,
    contentType: BYTES_TYPE,
    key: undefined,
    priority: 0,
    headers: EMPTY_HEADERS,
  },
  ...{ time: 0, source: 'foreign', version: 1, correlationId: undefined, causationId: undefined },
})

/** A message of ours, read where and when it is asked for. */
class RedisMessage implements StoredMessage {
  readonly topic: string
  readonly #entry: Buffer
  readonly #flags: number
  /** Where `time`, the headers and the payload are. */
  readonly #envelope: number
  readonly #headersAt: number
  readonly #payloadAt: number
  #id: string | undefined
  #key: string | undefined
  #headers: Headers | undefined
  #payload: Payload | undefined

  /** @throws RangeError where it is shorter than it says. */
  constructor(topic: string, entry: Buffer) {
    this.topic = topic
    this.#entry = entry
    this.#flags = entry.readUInt8(1)
    this.#envelope = HEAD + entry.readUInt16BE(4) + entry.readUInt16BE(6)
    let at = this.#offset(4)
    this.#headersAt = at
    if ((this.#flags & HEADED) !== 0) {
      at += 2
      for (let left = entry.readUInt16BE(this.#headersAt); left > 0; left--) {
        at += 2 + entry.readUInt16BE(at)
        at += 4 + entry.readUInt32BE(at)
      }
    }
    if (at > entry.length) throw new RangeError('The entry ends within its headers.')
    this.#payloadAt = at
  }

  get id(): string {
    this.#id ??= this.#entry.toString('utf8', HEAD + this.#entry.readUInt16BE(4), this.#envelope)
    return this.#id
  }
  get key(): string | undefined {
    if ((this.#flags & KEYED) === 0) return undefined
    this.#key ??= this.#entry.toString('utf8', HEAD, HEAD + this.#entry.readUInt16BE(4))
    return this.#key
  }
  get priority(): number {
    return this.#entry.readUInt16BE(2)
  }
  get time(): number {
    return this.#entry.readDoubleBE(this.#envelope)
  }
  get version(): number {
    return this.#entry.readUInt32BE(this.#envelope + 8)
  }
  get contentType(): string {
    if ((this.#flags & NAMED) !== 0) return this.#short(0)
    return (this.#flags & BYTES) === 0 ? JSON_TYPE : BYTES_TYPE
  }
  get source(): string {
    return this.#short(1)
  }
  get correlationId(): string | undefined {
    return (this.#flags & CORRELATED) === 0 ? undefined : this.#short(2)
  }
  get causationId(): string | undefined {
    return (this.#flags & CAUSED) === 0 ? undefined : this.#short(3)
  }
  get headers(): Headers {
    this.#headers ??= this.#readHeaders()
    return this.#headers
  }
  get payload(): Payload {
    const entry = this.#entry
    this.#payload ??=
      (this.#flags & TEXT) === 0 ? entry.subarray(this.#payloadAt) : entry.toString('utf8', this.#payloadAt)
    return this.#payload
  }

  /** Where the short string with a number begins, or ends with the one before. */
  #offset(number: number): number {
    let at = this.#envelope + 12
    for (let passed = 0; passed < number; passed++) {
      const flag = SHORTS[passed] as number
      if ((this.#flags & flag) === flag) at += 2 + this.#entry.readUInt16BE(at)
    }
    return at
  }

  #short(number: number): string {
    const at = this.#offset(number)
    return this.#entry.toString('utf8', at + 2, at + 2 + this.#entry.readUInt16BE(at))
  }

  #readHeaders(): Headers {
    if ((this.#flags & HEADED) === 0) return EMPTY_HEADERS
    const entry = this.#entry
    let left = entry.readUInt16BE(this.#headersAt)
    const headers = Object.create(null) as Record<string, string>
    for (let at = this.#headersAt + 2; left > 0; left--) {
      const value = at + 2 + entry.readUInt16BE(at)
      const end = value + 4 + entry.readUInt32BE(value)
      headers[entry.toString('utf8', at + 2, value)] = entry.toString('utf8', value + 4, end)
      at = end
    }
    return headers
  }
}
