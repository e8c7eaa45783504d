import { CHUNK, MessageChunk } from './message-chunk.js'

const MASK = CHUNK - 1

/** Nobody's: position 0 is never used, and none is negative. */
const NOWHERE = -1

/** What is kept of a message in memory: where it is, and what orders it. */
export interface IndexedMessage {
  /** Of the record in the log. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** As retention counts it, in bytes. */
  readonly size: number
  /** By the folder's clock; 0 for at once. */
  readonly due: number
  readonly key: string | undefined
  readonly priority: number
}

/**
 * The messages of a topic that are stored, by position: 20 bytes each, and a reference to its key where it has one. Their
 * contents are in the log.
 */
export class MessageIndex {
  readonly #chunks = new Map<number, MessageChunk>()
  /** The chunk looked up last: adding and reading both stay in one for hundreds of calls. */
  #recent: MessageChunk | undefined = undefined
  #recentNumber = NOWHERE
  #end = 1
  #count = 0
  #bytes = 0
  #lastTime = Number.NEGATIVE_INFINITY

  /** Behind the last position that a message has had. */
  get end(): number {
    return this.#end
  }

  get count(): number {
    return this.#count
  }

  /** Of all messages, as retention counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** When the last one was stored: none may say that it was earlier, so that times can be searched. */
  get lastTime(): number {
    return this.#lastTime
  }

  /** Positions rise. */
  add(position: number, message: IndexedMessage): void {
    const chunk = this.#chunk(position) ?? this.#create(position)
    const at = position & MASK
    this.#lastTime = Math.max(this.#lastTime, message.time)
    chunk.sequences[at] = message.sequence
    chunk.times[at] = this.#lastTime
    chunk.latest = this.#lastTime
    chunk.sizes[at] = message.size
    if (message.key !== undefined) chunk.setKey(at, message.key)
    if (message.priority !== 0) chunk.setPriority(at, message.priority)
    if (message.due !== 0) chunk.setDue(at, message.due)
    chunk.count++
    chunk.bytes += message.size
    chunk.written = undefined
    this.#count++
    this.#bytes += message.size
    this.#end = position + 1
  }

  /** Positions before it have been used, whether anything is known of them or not. */
  skipTo(end: number): void {
    this.#end = Math.max(this.#end, end)
  }

  has(position: number): boolean {
    return this.sequenceOf(position) > 0
  }

  /** 0 where there is no such message. */
  sequenceOf(position: number): number {
    return this.#chunk(position)?.sequences[position & MASK] ?? 0
  }

  sizeOf(position: number): number {
    return this.#chunk(position)?.sizes[position & MASK] ?? 0
  }

  timeOf(position: number): number {
    return this.#chunk(position)?.times[position & MASK] ?? 0
  }

  keyOf(position: number): string | undefined {
    return this.#chunk(position)?.keys?.[position & MASK]
  }

  priorityOf(position: number): number {
    return this.#chunk(position)?.priorities?.[position & MASK] ?? 0
  }

  dueOf(position: number): number {
    return this.#chunk(position)?.dues?.[position & MASK] ?? 0
  }

  /** The record of a message is another one now. */
  move(position: number, sequence: number): void {
    const chunk = this.#chunk(position)
    if (chunk === undefined) return
    chunk.sequences[position & MASK] = sequence
    chunk.written = undefined
  }

  delete(position: number): void {
    const chunk = this.#chunk(position)
    const at = position & MASK
    if (chunk === undefined || chunk.sequences[at] === 0) return
    const size = chunk.sizes[at] as number
    chunk.sequences[at] = 0
    if (chunk.keys !== undefined) chunk.keys[at] = undefined
    chunk.count--
    chunk.written = undefined
    chunk.bytes -= size
    this.#count--
    this.#bytes -= size
    if (chunk.count === 0) this.#drop(chunk)
  }

  /** Every position that has a message, from one on, in order. May be walked while messages are added and deleted. */
  *positions(from = 1): IterableIterator<number> {
    for (const [number, chunk] of this.#chunks) {
      const start = number * CHUNK
      if (start + CHUNK <= from) continue
      for (let at = Math.max(0, from - start); at < CHUNK; at++) if (chunk.sequences[at] !== 0) yield start + at
    }
  }

  /** In order. Not to be changed. */
  chunks(): IterableIterator<MessageChunk> {
    return this.#chunks.values()
  }

  /** Adds what an earlier life has had. Numbers rise; `skipTo` says where the last one ends. */
  restore(chunk: MessageChunk): void {
    this.#chunks.set(chunk.number, chunk)
    this.#count += chunk.count
    this.#bytes += chunk.bytes
    this.#lastTime = Math.max(this.#lastTime, chunk.latest)
  }

  /** The first position that was stored at or after a time, or the end. */
  since(time: number): number {
    for (const [number, chunk] of this.#chunks) {
      if (chunk.latest < time) continue
      for (let at = 0; at < CHUNK; at++) {
        if (chunk.sequences[at] !== 0 && (chunk.times[at] as number) >= time) return number * CHUNK + at
      }
    }
    return this.#end
  }

  /** The position from which on the messages have no more bytes than that together. */
  lastBytes(bytes: number): number {
    let excess = this.#bytes - bytes
    if (excess <= 0) return 1
    for (const [number, chunk] of this.#chunks) {
      if (excess >= chunk.bytes) {
        excess -= chunk.bytes
        continue
      }
      for (let at = 0; at < CHUNK; at++) {
        if (excess <= 0) return number * CHUNK + at
        if (chunk.sequences[at] !== 0) excess -= chunk.sizes[at] as number
      }
      return (number + 1) * CHUNK
    }
    return this.#end
  }

  #chunk(position: number): MessageChunk | undefined {
    const number = Math.floor(position / CHUNK)
    if (this.#recentNumber === number) return this.#recent
    const chunk = this.#chunks.get(number)
    if (chunk !== undefined) this.#visit(chunk)
    return chunk
  }

  #create(position: number): MessageChunk {
    const chunk = new MessageChunk(Math.floor(position / CHUNK))
    this.#chunks.set(chunk.number, chunk)
    this.#visit(chunk)
    return chunk
  }

  #drop({ number }: MessageChunk): void {
    this.#chunks.delete(number)
    if (this.#recentNumber === number) this.#visit(undefined)
  }

  #visit(chunk: MessageChunk | undefined): void {
    this.#recent = chunk
    this.#recentNumber = chunk === undefined ? NOWHERE : chunk.number
  }
}
