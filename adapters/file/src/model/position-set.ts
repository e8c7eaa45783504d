/** Positions in a chunk. */
const CHUNK = 1_024
const WORD = 32

class Chunk {
  readonly bits = new Uint32Array(CHUNK / WORD)
  count = 0
}

/** A set of positions, added in rising order: a bit each. */
export class PositionSet {
  /** By chunk number, rising, because positions are added so. */
  readonly #chunks = new Map<number, Chunk>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(position: number): void {
    const number = Math.floor(position / CHUNK)
    let chunk = this.#chunks.get(number)
    if (chunk === undefined) {
      chunk = new Chunk()
      this.#chunks.set(number, chunk)
    }
    const at = position % CHUNK
    chunk.bits[at >>> 5] = (chunk.bits[at >>> 5] as number) | (1 << (at & 31))
    chunk.count++
    this.#size++
  }

  has(position: number): boolean {
    const chunk = this.#chunks.get(Math.floor(position / CHUNK))
    const at = position % CHUNK
    return chunk !== undefined && ((chunk.bits[at >>> 5] as number) & (1 << (at & 31))) !== 0
  }

  /** False where it was not there. */
  delete(position: number): boolean {
    if (!this.has(position)) return false
    const number = Math.floor(position / CHUNK)
    const chunk = this.#chunks.get(number) as Chunk
    const at = position % CHUNK
    chunk.bits[at >>> 5] = (chunk.bits[at >>> 5] as number) & ~(1 << (at & 31))
    this.#size--
    if (--chunk.count === 0) this.#chunks.delete(number)
    return true
  }

  /** Rising. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (const [number, chunk] of this.#chunks) {
      for (let at = 0; at < CHUNK; at++) {
        if (((chunk.bits[at >>> 5] as number) & (1 << (at & 31))) !== 0) yield number * CHUNK + at
      }
    }
  }
}
