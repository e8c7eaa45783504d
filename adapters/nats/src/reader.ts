import type { NatsConnection } from '@nats-io/transport-node'
import { type Cut, cutAt } from './cut.js'

/** What the client keeps to itself: how it takes apart what its connection brings, and who is told of a message. */
interface Protocol {
  parser: { readonly state?: number; parse(bytes: Uint8Array): void }
  processMsg(message: Cut, content: Uint8Array): void
}

/** At the begin of a line. */
const AT_BEGIN = 0
const LETTER_H = 72
const LETTER_M = 77
/** What other lines begin with: `+OK`, `-ERR`, `INFO`, `PING`, `PONG`. */
const OTHERS = '+-IP'
const NEWLINE = 10
/** Bytes behind a payload. */
const AFTER = 2

/**
 * Takes apart what the server sends, a message at a time. The client's own parser goes through its states byte by byte, and makes eight views
 * of each message before anybody has asked for one. What is no message is left to it, and so is everything behind
 * something that is not known here.
 */
export class Reader {
  readonly #protocol: Protocol
  readonly #client: Protocol['parser']
  /** A message that has not come as a whole, or the begin of its first line. */
  #part: Buffer | undefined
  /** So many bytes of it have come. */
  #filled = 0
  /** The client has the begin of a line. */
  #isInLine: boolean
  /** The client has everything. */
  #isOver = false

  private constructor(protocol: Protocol) {
    this.#protocol = protocol
    this.#client = protocol.parser
    this.#isInLine = protocol.parser.state !== AT_BEGIN
  }

  /** From now on. Where the client keeps its connection to itself, its own parser will do. */
  static attach(nats: NatsConnection): void {
    const { protocol } = nats as { readonly protocol?: Partial<Protocol> }
    if (typeof protocol?.processMsg !== 'function' || typeof protocol.parser?.state !== 'number') return
    protocol.parser = new Reader(protocol as Protocol)
  }

  /** Called by the client with what the connection has brought. */
  parse(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let at = 0; at < bytes.length; ) {
      at = this.#part === undefined ? this.#next(bytes, at) : this.#complete(this.#part, bytes, at)
    }
  }

  /** Answers where what begins there ends, which is nowhere here where some of it is still to come. */
  #next(bytes: Buffer, from: number): number {
    if (this.#isOver) return this.#leave(bytes, from, bytes.length)
    const first = bytes[from] as number
    if (!this.#isInLine && (first === LETTER_H || first === LETTER_M)) return this.#message(bytes, from)
    if (!this.#isInLine && !OTHERS.includes(String.fromCharCode(first))) this.#isOver = true
    const end = bytes.indexOf(NEWLINE, from)
    this.#isInLine = end < 0
    return this.#leave(bytes, from, end < 0 || this.#isOver ? bytes.length : end + 1)
  }

  #message(bytes: Buffer, from: number): number {
    const cut = cutAt(bytes, from)
    if (cut === undefined) return this.#keep(bytes, from, 0)
    const isSound = cut.size >= 0
    const end = cut.contentAt + cut.size
    if (isSound && end + AFTER > bytes.length) return this.#keep(bytes, from, end + AFTER - from)
    if (!isSound || bytes[end + 1] !== NEWLINE) {
      this.#isOver = true
      return from
    }
    this.#protocol.processMsg(cut, bytes.subarray(cut.contentAt, end))
    return end + AFTER
  }

  #leave(bytes: Buffer, from: number, to: number): number {
    this.#client.parse(bytes.subarray(from, to))
    return to
  }

  /** What has come of a message, of which it is known how long it is, or not yet: then 0. */
  #keep(bytes: Buffer, from: number, size: number): number {
    const left = bytes.length - from
    // The rest is written behind it, once: a large message comes in many pieces.
    this.#part = Buffer.allocUnsafe(Math.max(size, left))
    this.#filled = bytes.copy(this.#part, 0, from)
    return bytes.length
  }

  /** Adds to what has come before; answers where what is next begins. */
  #complete(part: Buffer, bytes: Buffer, from: number): number {
    if (this.#filled < part.length) {
      const copied = bytes.copy(part, this.#filled, from)
      this.#filled += copied
      if (this.#filled === part.length) this.#finish(part)
      return from + copied
    }
    // Its first line first: only then it is known how long it is.
    const end = bytes.indexOf(NEWLINE, from) + 1 || bytes.length
    this.#finish(Buffer.concat([part, bytes.subarray(from, end)]))
    return end
  }

  /** All of it is here, or its first line, or more of that. */
  #finish(part: Buffer): void {
    this.#part = undefined
    for (let at = 0; at < part.length; ) at = this.#next(part, at)
  }
}
