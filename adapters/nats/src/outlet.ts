import type { MsgHdrs, NatsConnection, Payload } from '@nats-io/transport-node'

/** Something to be stored. */
export interface Entry {
  readonly subject: string
  /** A whole block, as the server takes it. */
  readonly headers: string
  readonly payload: Payload
}

/** What the client keeps to itself: how it writes to its connection. */
interface Writing {
  readonly protocol?: { sendCommand?(command: Uint8Array): void }
}

/** Bytes that are written together, at most, unless a message alone has more. */
const CHUNK = 64 * 1_024
/** What stands around a message: `HPUB`, three numbers, blanks and the ends of lines. */
const AROUND = 60
const CRLF = '\r\n'

/**
 * What leaves for the server, many at once. The client's own `publish` makes four buffers of a message, and copies all of them together in
 * the end; here what leaves together is written where it leaves from. Where the client keeps its connection to itself, its
 * `publish` will do.
 */
export class Outlet {
  readonly #nats: NatsConnection
  readonly #protocol: Writing['protocol']

  constructor(nats: NatsConnection) {
    const { protocol } = nats as Writing
    this.#nats = nats
    this.#protocol = typeof protocol?.sendCommand === 'function' ? protocol : undefined
  }

  /** The same word to each of these subjects. */
  say(subjects: readonly string[], word: string): void {
    if (this.#protocol === undefined || subjects.length < 2 || this.#nats.isClosed()) {
      for (const subject of subjects) this.#nats.publish(subject, word)
      return
    }
    const end = ` ${Buffer.byteLength(word)}${CRLF}${word}${CRLF}`
    let text = ''
    for (const subject of subjects) text += `PUB ${subject}${end}`
    this.#protocol.sendCommand?.(Buffer.from(text))
  }

  /**
   * Sends something to be stored; the answer to the `n`th comes to the inbox with that number behind it.
   *
   * @param refused Told of what has not been sent, and why.
   */
  store(entries: readonly Entry[], inbox: string, refused: (index: number, why: string) => void): void {
    const { info } = this.#nats
    if (this.#protocol === undefined || this.#nats.isClosed()) return this.#publish(entries, inbox, refused)
    const most = info?.max_payload ?? Number.POSITIVE_INFINITY
    let chunk = new Chunk(inbox)
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Entry
      const headers = Buffer.byteLength(entry.headers)
      const size = headers + lengthOf(entry.payload)
      if (size > most) {
        refused(index, `A message of ${size} bytes, of ${most} that the server takes.`)
        continue
      }
      chunk.add({ entry, index, headers, size })
      if (chunk.size < CHUNK) continue
      this.#protocol.sendCommand?.(chunk.written())
      chunk = new Chunk(inbox)
    }
    if (chunk.size > 0) this.#protocol.sendCommand?.(chunk.written())
  }

  #publish(entries: readonly Entry[], inbox: string, refused: (index: number, why: string) => void): void {
    for (const [index, { subject, headers, payload }] of entries.entries()) {
      try {
        const block = { encode: () => Buffer.from(headers) } as unknown as MsgHdrs
        this.#nats.publish(subject, payload, { headers: block, reply: inbox + index })
      } catch (error) {
        // What the client itself refuses has not been sent.
        refused(index, String(error))
      }
    }
  }
}

/** A message that is about to be written. */
interface Written {
  readonly entry: Entry
  readonly index: number
  /** Bytes of headers, and of headers and payload. */
  readonly headers: number
  readonly size: number
}

/** Messages that leave together. */
class Chunk {
  readonly #inbox: string
  readonly #messages: Written[] = []
  /** Bytes that it has at most. */
  size = 0

  constructor(inbox: string) {
    this.#inbox = inbox
  }

  add(message: Written): void {
    this.#messages.push(message)
    // No subject of ours has a letter that is more than a byte.
    this.size += message.size + message.entry.subject.length + this.#inbox.length + AROUND
  }

  written(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.size)
    let at = 0
    for (const { entry, index, headers, size } of this.#messages) {
      const { subject, payload } = entry
      at += bytes.write(`HPUB ${subject} ${this.#inbox}${index} ${headers} ${size}${CRLF}${entry.headers}`, at)
      if (typeof payload === 'string') at += bytes.write(payload, at)
      else {
        bytes.set(payload, at)
        at += payload.length
      }
      at += bytes.write(CRLF, at)
    }
    return bytes.subarray(0, at)
  }
}

const lengthOf = (payload: Payload): number =>
  typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
