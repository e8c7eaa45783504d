import type { Data, Order } from '../../../subject.ts'

const CHUNK = 4_096
const SLAB = 256 * 1_024

/** What is kept of a message until retention takes it. */
export interface LogRecord {
  readonly id: string
  readonly topic: string
  readonly time: number
  readonly source: string
  readonly contentType: string
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  /** JSON as the string it is, or the slab that holds the bytes. */
  readonly payload: string | Buffer
  readonly offset: number
  readonly length: number
}

/** Everything published, by place, in chunks; bytes in slabs, because an own array per message costs eight times as much. */
export class MessageLog {
  readonly #prefix = `${process.pid.toString(36)}-`
  readonly #contentType: string
  readonly #chunks: LogRecord[][] = []
  #last: LogRecord[] = []
  #slab = Buffer.allocUnsafeSlow(SLAB)
  #used = 0
  #end = 0

  constructor(format: 'bytes' | 'json') {
    this.#contentType = format === 'json' ? 'application/json' : 'application/octet-stream'
  }

  get end(): number {
    return this.#end
  }

  at(place: number): LogRecord {
    return (this.#chunks[Math.floor(place / CHUNK)] as LogRecord[])[place % CHUNK] as LogRecord
  }

  append(data: Data, time: number, parent: LogRecord | undefined): void {
    if (this.#end % CHUNK === 0) {
      this.#last = []
      this.#chunks.push(this.#last)
    }
    const bytes = data instanceof Uint8Array
    this.#last.push({
      id: this.#prefix + this.#end++,
      topic: 'orders.placed',
      time,
      source: 'bench',
      contentType: this.#contentType,
      correlationId: parent === undefined ? undefined : (parent.correlationId ?? parent.id),
      causationId: parent?.id,
      offset: bytes ? this.#store(data) : 0,
      payload: bytes ? this.#slab : JSON.stringify(data),
      length: bytes ? data.length : 0,
    })
  }

  /** A copy, so that whatever a handler does to it, the stored one stays what was published. */
  static read({ payload, offset, length }: LogRecord): Data {
    if (typeof payload === 'string') return JSON.parse(payload) as Order
    const copy = Buffer.allocUnsafe(length)
    payload.copy(copy, 0, offset, offset + length)
    return copy
  }

  /** Where the bytes are in the current slab. */
  #store(data: Uint8Array): number {
    if (this.#used + data.length > SLAB) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, data.length))
      this.#used = 0
    }
    const offset = this.#used
    this.#slab.set(data, offset)
    this.#used += data.length
    return offset
  }
}
