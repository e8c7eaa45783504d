import type { Data, Order } from '../../../subject.ts'

const CHUNK = 4_096
const SLAB = 256 * 1_024
/** Bytes of handled messages that are kept: as many as ours keeps. */
const RETAINED = 64 * 1_024 * 1_024

/** What all messages of the topic share. */
const TOPIC = { name: 'orders.placed', source: 'bench', version: 1 }

/** What is kept of a message until retention takes it. Small: what can be made of it when it is read is not kept. */
export class LogRecord {
  readonly topic = TOPIC
  readonly serial: number
  readonly time: number
  /** JSON as the string it is, or the slab that holds the bytes. */
  readonly payload: string | Buffer
  readonly offset: number
  readonly length: number
  /** The message whose handler published this one, and the first of the chain. */
  readonly cause: LogRecord | undefined
  readonly root: LogRecord | undefined

  constructor(
    serial: number,
    time: number,
    payload: string | Buffer,
    offset: number,
    length: number,
    cause?: LogRecord,
  ) {
    this.serial = serial
    this.time = time
    this.payload = payload
    this.offset = offset
    this.length = length
    this.cause = cause
    this.root = cause?.root ?? cause
  }

  get id(): string {
    return `${process.pid.toString(36)}-${this.serial}`
  }

  /** A copy, so that whatever a handler does to it, the stored one stays what was published. */
  read(): Data {
    const { payload, offset, length } = this
    if (typeof payload === 'string') return JSON.parse(payload) as Order
    const copy = Buffer.allocUnsafe(length)
    payload.copy(copy, 0, offset, offset + length)
    return copy
  }
}

interface Chunk {
  readonly records: LogRecord[]
  bytes: number
  handled: number
}

const NO_CHUNK: Chunk = { records: [], bytes: 0, handled: 0 }

/**
 * What was published, by place, in chunks; bytes in slabs, because an own array per message costs eight times as much. The
 * oldest chunks go when all of them is handled and there is too much of it.
 */
export class MessageLog {
  readonly #chunks: (Chunk | undefined)[] = []
  /** Chunks that are gone. */
  #gone = 0
  #bytes = 0
  #last: Chunk = NO_CHUNK
  #slab = Buffer.allocUnsafeSlow(SLAB)
  #used = 0
  #end = 0
  readonly #epoch = Date.now()

  get end(): number {
    return this.#end
  }

  at(place: number): LogRecord {
    return (this.#chunks[Math.floor(place / CHUNK)] as Chunk).records[place % CHUNK] as LogRecord
  }

  handled(place: number): void {
    const chunk = this.#chunks[Math.floor(place / CHUNK)] as Chunk
    if (++chunk.handled === CHUNK) this.#sweep()
  }

  append(data: Data, now: number, cause: LogRecord | undefined): void {
    if (this.#end % CHUNK === 0) {
      this.#last = { records: [], bytes: 0, handled: 0 }
      this.#chunks.push(this.#last)
    }
    // Since the epoch of the log, so that it is a small integer, which needs no object of its own.
    const time = now - this.#epoch
    if (!(data instanceof Uint8Array)) {
      const text = JSON.stringify(data)
      return this.#push(new LogRecord(this.#end++, time, text, 0, text.length, cause))
    }
    if (this.#used + data.length > SLAB) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, data.length))
      this.#used = 0
    }
    this.#slab.set(data, this.#used)
    this.#push(new LogRecord(this.#end++, time, this.#slab, this.#used, data.length, cause))
    this.#used += data.length
  }

  #push(record: LogRecord): void {
    this.#last.records.push(record)
    this.#last.bytes += record.length
    this.#bytes += record.length
  }

  #sweep(): void {
    while (this.#bytes > RETAINED) {
      const oldest = this.#chunks[this.#gone]
      if (oldest === undefined || oldest.handled < CHUNK) return
      this.#bytes -= oldest.bytes
      this.#chunks[this.#gone++] = undefined
    }
  }
}
