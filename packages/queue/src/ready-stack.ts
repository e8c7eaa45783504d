import type { ReadyLine } from './ready-line.js'

/** Numbers in a chunk: two for a message. 16 KiB. */
const CHUNK = 2048

/**
 * Newest place first. A message costs 16 bytes: below the top the places have gaps (what was above has been served), so
 * each is stored beside its position.
 */
export class ReadyStack implements ReadyLine {
  readonly direction = -1
  readonly #chunks: Float64Array[] = []
  /** The chunk that holds the top; kept beside the list because the top is all that is ever touched. */
  #top: Float64Array = new Float64Array(0)
  /** Chunks below the top one. */
  #full = -1
  /** Numbers used in the top chunk. Never 0 while the stack is not empty. */
  #used = CHUNK
  #size = 0
  #end = 0

  get empty(): boolean {
    return this.#size === 0
  }

  get position(): number {
    return this.#top[this.#used - 2] as number
  }

  get place(): number {
    return this.#top[this.#used - 1] as number
  }

  push(position: number): number {
    if (this.#used === CHUNK) this.#extend()
    this.#top[this.#used++] = position
    this.#top[this.#used++] = this.#end
    this.#size++
    return this.#end++
  }

  reserve(): number {
    return this.#end++
  }

  drop(): void {
    this.#size--
    this.#used -= 2
    if (this.#used === 0 && this.#full > 0) this.#shrink()
  }

  *positions(): IterableIterator<number> {
    for (let index = 0; index < this.#size; index++) {
      const at = index * 2
      yield this.#chunks[Math.floor(at / CHUNK)]?.[at % CHUNK] as number
    }
  }

  #extend(): void {
    this.#full++
    this.#top = this.#chunks[this.#full] ??= new Float64Array(CHUNK)
    this.#used = 0
  }

  #shrink(): void {
    // The emptied chunk stays as the spare, whatever lies above it goes: a stack that sways around a chunk's edge
    // allocates nothing, and a backlog that was served holds no memory.
    this.#chunks.length = this.#full + 1
    this.#full--
    this.#top = this.#chunks[this.#full] as Float64Array
    this.#used = CHUNK
  }
}
