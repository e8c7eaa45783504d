import { CHUNK } from './message-chunk.js'

const WORD = 32

class Chunk {
  /** A bit for each position, in its place within the chunk. */
  readonly bits = new Uint32Array(CHUNK / WORD)
  /** Its first position is this times `CHUNK`. */
  readonly number: number
  count = 0

  constructor(number: number) {
    this.number = number
  }
}

/** Holds no position, so that looking at the recent chunk needs no test for undefined. */
const NOWHERE = new Chunk(-1)

/** A set of positions, added in rising order: a bit each. */
export class PositionSet {
  /** By chunk number, rising, because positions are added so. */
  readonly #chunks = new Map<number, Chunk>()
  /** The chunk looked up last: adding and deleting both stay in one for hundreds of calls. */
  #recent = NOWHERE
  #size = 0

  get size(): number {
    return this.#size
  }

  add(position: number): void {
    const chunk = this.#find(position) ?? this.#create(position)
    const at = position % CHUNK
    chunk.bits[at >>> 5] = (chunk.bits[at >>> 5] as number) | (1 << (at & 31))
    chunk.count++
    this.#size++
  }

  /** Those of a chunk that has none yet, behind all that are there: a bit for each. */
  restore(number: number, bits: Uint32Array, count: number): void {
    if (count === 0) return
    const chunk = new Chunk(number)
    chunk.bits.set(bits)
    chunk.count = count
    this.#chunks.set(number, chunk)
    this.#size += count
  }

  has(position: number): boolean {
    const chunk = this.#find(position)
    const at = position % CHUNK
    return chunk !== undefined && ((chunk.bits[at >>> 5] as number) & (1 << (at & 31))) !== 0
  }

  /** False where it was not there. */
  delete(position: number): boolean {
    const chunk = this.#find(position)
    if (chunk === undefined) return false
    const at = position % CHUNK
    const bits = chunk.bits[at >>> 5] as number
    const bit = 1 << (at & 31)
    if ((bits & bit) === 0) return false
    chunk.bits[at >>> 5] = bits & ~bit
    this.#size--
    if (--chunk.count === 0) this.#drop(chunk)
    return true
  }

  /** Whatever is there, by chunk number, rising: a bit for each of 1,024 positions. Not to be changed. */
  chunks(): IterableIterator<{ readonly number: number; readonly bits: Uint32Array }> {
    return this.#chunks.values()
  }

  /** Rising. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (const [number, chunk] of this.#chunks) {
      for (let at = 0; at < CHUNK; at++) {
        if (((chunk.bits[at >>> 5] as number) & (1 << (at & 31))) !== 0) yield number * CHUNK + at
      }
    }
  }

  #find(position: number): Chunk | undefined {
    const number = Math.floor(position / CHUNK)
    if (this.#recent.number === number) return this.#recent
    const chunk = this.#chunks.get(number)
    if (chunk !== undefined) this.#recent = chunk
    return chunk
  }

  #create(position: number): Chunk {
    const chunk = new Chunk(Math.floor(position / CHUNK))
    this.#chunks.set(chunk.number, chunk)
    this.#recent = chunk
    return chunk
  }

  #drop(chunk: Chunk): void {
    this.#chunks.delete(chunk.number)
    this.#recent = NOWHERE
  }
}
