import {
  EMPTY_HEADERS,
  type Headers,
  type OutgoingMessage,
  type Payload,
  type StoredMessage,
} from '@pluribus/core/driver'
import type { NewMessage } from './folder.js'
import { fixHead, HEAD, head } from './format/message-head.js'

/*
 * A message as it is stored: the head (format/message-head.ts), which the folder completes, and behind it, little-endian:
 *
 *   +-------+------+--------+---------+--------------+---------+-------------+-----------+---------------+---------+
 *   |  key  |  id  |  time  | version | content type | source  | correlation | causation | headers       | payload |
 *   |  ...  | ...  |  f64   |   u32   | u16 ...      | u16 ... | u16 ...     | u16 ...   | u16, each u16 |  ...    |
 *   |       |      |        |         |              |         |             |           | ... u32 ...   |         |
 *   +-------+------+--------+---------+--------------+---------+-------------+-----------+---------------+---------+
 *
 * Text is UTF-8. `size`, in the head, is what retention by bytes counts: payload and headers.
 */
const { KEYED, SUPPLIED, TEXT, CORRELATED, CAUSED } = head
/** The most bytes of UTF-8 for a unit of a string. */
const WIDEST = 3
/** All that is neither text nor payload. */
const FIXED = HEAD + 12 + 5 * 2
/** Messages are written one after the other into slabs of so many bytes, which last for as long as one of them is wanted. */
const SLAB = 64 * 1_024
/** Up to so many characters are written one by one: it takes longer to ask the runtime to do it. */
const FEW = 32

/** A version, a content type and a source, without correlation and causation: as text, and as it is stored. */
interface Kind {
  readonly version: number
  readonly contentType: string
  readonly source: string
  readonly bytes: Buffer
}

/** Writes messages as they are stored. */
export class MessageWriter {
  /** Zeros where nothing was written yet: what the folder fills in of a head is not written here. */
  #slab = Buffer.alloc(SLAB)
  #at = 0
  #last: Kind = { version: -1, contentType: '', source: '', bytes: Buffer.alloc(0) }

  /** Reads each member once: some are made on demand. */
  encode(message: OutgoingMessage): NewMessage {
    const { key, id, payload, headers, correlationId, causationId, priority } = message
    const isText = typeof payload === 'string'
    this.#reserve(atMost(message, payload))
    const start = this.#at
    this.#at += HEAD
    const keyLength = key === undefined ? 0 : this.#text(key)
    const idLength = this.#text(id)
    this.#at = this.#slab.writeDoubleLE(message.time, this.#at)
    this.#kind(message, correlationId, causationId)
    const size = this.#headers(headers) + (isText ? this.#long(payload) : this.#bytes(payload))
    const bytes = this.#slab.subarray(start, this.#at)
    const flags =
      (key === undefined ? 0 : KEYED) |
      (message.idSupplied ? SUPPLIED : 0) |
      (isText ? TEXT : 0) |
      (correlationId === undefined ? 0 : CORRELATED) |
      (causationId === undefined ? 0 : CAUSED)
    fixHead(bytes, { flags, priority, size, keyLength, idLength })
    return { topic: message.topic, delay: message.delay, bytes }
  }

  /** What most messages of a publisher have the same: it is written as it was the last time, unless something differs. */
  #kind({ version, contentType, source }: OutgoingMessage, correlationId?: string, causationId?: string): void {
    const last = this.#last
    const isLinked = correlationId !== undefined || causationId !== undefined
    if (!isLinked && last.version === version && last.contentType === contentType && last.source === source) {
      this.#bytes(last.bytes)
      return
    }
    const from = this.#at
    this.#at = this.#slab.writeUInt32LE(version, this.#at)
    this.#short(contentType)
    this.#short(source)
    this.#short(correlationId ?? '')
    this.#short(causationId ?? '')
    if (!isLinked)
      this.#last = { version, contentType, source, bytes: Buffer.from(this.#slab.subarray(from, this.#at)) }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return
    this.#slab = Buffer.alloc(Math.max(SLAB, bytes))
    this.#at = 0
  }

  #text(text: string): number {
    const { length } = text
    if (length > FEW) return this.#long(text)
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return this.#long(text)
      this.#slab[this.#at + index] = unit
    }
    this.#at += length
    return length
  }

  #long(text: string): number {
    const written = this.#slab.write(text, this.#at)
    this.#at += written
    return written
  }

  #bytes(bytes: Uint8Array): number {
    this.#slab.set(bytes, this.#at)
    this.#at += bytes.byteLength
    return bytes.byteLength
  }

  #short(text: string): number {
    const at = this.#at
    this.#at += 2
    const length = this.#text(text)
    this.#slab.writeUInt16LE(length, at)
    return length
  }

  #headers(headers: Headers): number {
    const at = this.#at
    this.#at += 2
    let count = 0
    let size = 0
    if (headers !== EMPTY_HEADERS) {
      for (const name in headers) {
        count++
        size += this.#short(name)
        const from = this.#at
        this.#at += 4
        const length = this.#text(headers[name] as string)
        this.#slab.writeUInt32LE(length, from)
        size += length
      }
    }
    this.#slab.writeUInt16LE(count, at)
    return size
  }
}

/** The most bytes that a message takes. */
function atMost(message: OutgoingMessage, payload: Payload): number {
  const { key = '', id, contentType, source, correlationId = '', causationId = '', headers } = message
  const units = key.length + id.length + contentType.length + source.length + correlationId.length + causationId.length
  let bytes = FIXED + WIDEST * units
  if (headers !== EMPTY_HEADERS) {
    for (const name in headers) bytes += 6 + WIDEST * (name.length + (headers[name] as string).length)
  }
  if (typeof payload !== 'string') return bytes + payload.byteLength
  // Counting is worth it where three times as much would be a slab of its own.
  return bytes + (WIDEST * payload.length > SLAB / 4 ? Buffer.byteLength(payload) : WIDEST * payload.length)
}

/** A stored message, read where and when it is asked for. */
export function readMessage(topic: string, bytes: Buffer): StoredMessage {
  return new FileMessage(topic, bytes)
}

class FileMessage implements StoredMessage {
  readonly topic: string
  readonly #bytes: Buffer
  readonly #flags: number
  /** Where `time` is. */
  readonly #envelope: number
  #headersAt = 0
  #payloadAt = 0
  #id: string | undefined
  #key: string | undefined
  #headers: Headers | undefined
  #payload: Payload | undefined

  constructor(topic: string, bytes: Buffer) {
    this.topic = topic
    this.#bytes = bytes
    this.#flags = head.flags(bytes)
    this.#envelope = head.end(bytes)
  }

  get id(): string {
    this.#id ??= head.id(this.#bytes)
    return this.#id
  }
  get key(): string | undefined {
    this.#key ??= head.key(this.#bytes)
    return this.#key
  }
  get priority(): number {
    return head.priority(this.#bytes)
  }
  get time(): number {
    return this.#bytes.readDoubleLE(this.#envelope)
  }
  get version(): number {
    return this.#bytes.readUInt32LE(this.#envelope + 8)
  }
  get contentType(): string {
    return this.#short(0)
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
    this.#locate()
    const bytes = this.#bytes
    this.#payload ??=
      (this.#flags & TEXT) === 0 ? bytes.subarray(this.#payloadAt) : bytes.toString('utf8', this.#payloadAt)
    return this.#payload
  }

  /** Where the short text with a number begins, or ends with the one before. */
  #offset(number: number): number {
    let at = this.#envelope + 12
    for (let passed = 0; passed < number; passed++) at += 2 + this.#bytes.readUInt16LE(at)
    return at
  }

  #short(number: number): string {
    const at = this.#offset(number)
    return this.#bytes.toString('utf8', at + 2, at + 2 + this.#bytes.readUInt16LE(at))
  }

  #locate(): void {
    if (this.#payloadAt > 0) return
    const bytes = this.#bytes
    this.#headersAt = this.#offset(4)
    let at = this.#headersAt + 2
    for (let left = bytes.readUInt16LE(this.#headersAt); left > 0; left--) {
      at += 2 + bytes.readUInt16LE(at)
      at += 4 + bytes.readUInt32LE(at)
    }
    this.#payloadAt = at
  }

  #readHeaders(): Headers {
    this.#locate()
    const bytes = this.#bytes
    let left = bytes.readUInt16LE(this.#headersAt)
    if (left === 0) return EMPTY_HEADERS
    const headers = Object.create(null) as Record<string, string>
    for (let at = this.#headersAt + 2; left > 0; left--) {
      const value = at + 2 + bytes.readUInt16LE(at)
      const end = value + 4 + bytes.readUInt32LE(value)
      headers[bytes.toString('utf8', at + 2, value)] = bytes.toString('utf8', value + 4, end)
      at = end
    }
    return headers
  }
}
