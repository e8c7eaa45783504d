const NONE = -1

/** A node's number is its chunk and, in the low bits, its place in there. */
const SHIFT = 10
const CHUNK = 1 << SHIFT
const MASK = CHUNK - 1

class Chunk {
  readonly positions = new Float64Array(CHUNK)
  readonly places = new Float64Array(CHUNK)
  readonly next = new Int32Array(CHUNK)
}

/**
 * Nodes of the linked lists of messages that are parked behind a key: 20 bytes each, in chunks of typed arrays.
 * Lists are the caller's: it keeps the first and the last node of each.
 */
export class ParkedPool {
  readonly #chunks: Chunk[] = []
  #free = NONE
  #used = 0
  #size = 0

  /** Of the node that `take` removed last. */
  position = NONE
  place = NONE

  get size(): number {
    return this.#size
  }

  /** A new node after `last` (-1: the first of its list). */
  append(last: number, position: number, place: number): number {
    const node = this.#allocate()
    const chunk = this.#chunk(node)
    const at = node & MASK
    chunk.positions[at] = position
    chunk.places[at] = place
    chunk.next[at] = NONE
    if (last !== NONE) this.#chunk(last).next[last & MASK] = node
    return node
  }

  /** Removes the first node of a list, into `position` and `place`. Returns the next one, or -1. */
  take(node: number): number {
    const chunk = this.#chunk(node)
    const at = node & MASK
    const next = chunk.next[at] as number
    this.position = chunk.positions[at] as number
    this.place = chunk.places[at] as number
    chunk.next[at] = this.#free
    this.#free = node
    this.#size--
    if (this.#size === 0) this.#startOver()
    return next
  }

  /** Positions in the list that begins with `node`. */
  *positions(node: number): IterableIterator<number> {
    for (let at = node; at !== NONE; at = this.#chunk(at).next[at & MASK] as number) {
      yield this.#chunk(at).positions[at & MASK] as number
    }
  }

  /** One chunk stays, so that a backlog that was served holds no memory. */
  #startOver(): void {
    this.#free = NONE
    this.#used = 0
    this.#chunks.length = 1
  }

  #chunk(node: number): Chunk {
    return this.#chunks[node >>> SHIFT] as Chunk
  }

  #allocate(): number {
    this.#size++
    const node = this.#free
    if (node === NONE) {
      if (this.#used >>> SHIFT === this.#chunks.length) this.#chunks.push(new Chunk())
      return this.#used++
    }
    this.#free = this.#chunk(node).next[node & MASK] as number
    return node
  }
}
