import type { ReadyLine } from './ready-line.js'

/** 8 KiB: small enough that a busy short queue stays in the first-level cache, large enough to cost 0.3 bytes a message. */
const CHUNK = 1024

/** Stands where a place was reserved. Positions are never negative. */
const HOLE = -1

class Chunk {
  readonly positions = new Float64Array(CHUNK)
  next: Chunk | undefined = undefined
}

/** Oldest place first. A message costs 8 bytes: its place is not stored, it is the count of what came before it. */
export class ReadyRing implements ReadyLine {
  readonly direction = 1
  #head: Chunk | undefined = undefined
  #tail: Chunk | undefined = undefined
  /** The last chunk that emptied, kept so that a steady flow allocates nothing. */
  #spare: Chunk | undefined = undefined
  #headOffset = 0
  #tailOffset = CHUNK
  /** Place of the entry at the head, which is a hole only between `drop` and the end of it. */
  #first = 0
  #end = 0

  get empty(): boolean {
    return this.#first === this.#end
  }

  get position(): number {
    return (this.#head as Chunk).positions[this.#headOffset] as number
  }

  get place(): number {
    return this.#first
  }

  push(position: number): number {
    if (this.#tailOffset === CHUNK) this.#extend()
    ;(this.#tail as Chunk).positions[this.#tailOffset++] = position
    return this.#end++
  }

  reserve(): number {
    if (this.#first !== this.#end) return this.push(HOLE)
    // Offsets move with what is stored, places with what was assigned: an empty ring need not store the hole.
    this.#first++
    return this.#end++
  }

  drop(): void {
    do {
      this.#headOffset++
      this.#first++
      if (this.#first === this.#end) {
        // Head and tail are the same chunk now: starting over at its beginning keeps a short queue in few cache lines.
        this.#headOffset = 0
        this.#tailOffset = 0
        return
      }
      if (this.#headOffset === CHUNK) this.#shrink()
    } while (this.position === HOLE)
  }

  *positions(): IterableIterator<number> {
    let chunk = this.#head
    let offset = this.#headOffset
    for (let place = this.#first; place < this.#end; place++) {
      if (offset === CHUNK) {
        chunk = chunk?.next
        offset = 0
      }
      const position = chunk?.positions[offset++] as number
      if (position !== HOLE) yield position
    }
  }

  #extend(): void {
    const chunk = this.#spare ?? new Chunk()
    this.#spare = undefined
    if (this.#tail === undefined) this.#head = chunk
    else this.#tail.next = chunk
    this.#tail = chunk
    this.#tailOffset = 0
  }

  #shrink(): void {
    const emptied = this.#head as Chunk
    this.#head = emptied.next
    this.#headOffset = 0
    emptied.next = undefined
    this.#spare = emptied
  }
}
