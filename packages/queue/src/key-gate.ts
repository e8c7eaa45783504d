import { grown } from './grown.js'

const NONE = -1

/** Parked messages in a chunk: a node's number is its chunk and, in the low bits, its place in there. */
const SHIFT = 10
const CHUNK = 1 << SHIFT
const MASK = CHUNK - 1

class ParkedChunk {
  readonly positions = new Float64Array(CHUNK)
  readonly places = new Float64Array(CHUNK)
  readonly next = new Int32Array(CHUNK)
}

/**
 * Lets one message of a key through and parks the others behind it, first come first served.
 *
 * A key that is taken has a *gate*: a small number that its holder carries, so that leaving needs no look-up by name.
 * A key that nobody holds has no state. Parked messages are nodes of chunked typed arrays, 20 bytes each.
 */
export class KeyGate {
  readonly #gates = new Map<string, number>()
  readonly #names: string[] = []
  /** First and last parked node of a gate; of a free gate, `#first` is the next free one. */
  #first = new Int32Array(16).fill(NONE)
  #last = new Int32Array(16).fill(NONE)
  #freeGate = NONE

  #chunks: ParkedChunk[] = []
  #freeNode = NONE
  #nodes = 0
  #parked = 0

  /** Where the message that `leave` let through stands. */
  position = NONE
  place = NONE

  /** Keys that are taken. */
  get size(): number {
    return this.#gates.size
  }

  /** Messages that wait behind a key. */
  get parked(): number {
    return this.#parked
  }

  /** Takes the key and returns its gate, or `~gate` (negative) where the key is taken already. */
  enter(key: string): number {
    const taken = this.#gates.get(key)
    if (taken !== undefined) return ~taken
    const gate = this.#allocate(key)
    this.#gates.set(key, gate)
    return gate
  }

  /** The gate of a key that is taken. */
  gateOf(key: string): number {
    return this.#gates.get(key) as number
  }

  /** Appends a message to what waits behind the gate. */
  park(gate: number, position: number, place: number): void {
    const node = this.#takeNode()
    const chunk = this.#chunks[node >>> SHIFT] as ParkedChunk
    const at = node & MASK
    chunk.positions[at] = position
    chunk.places[at] = place
    chunk.next[at] = NONE
    const last = this.#last[gate] as number
    if (last === NONE) this.#first[gate] = node
    else (this.#chunks[last >>> SHIFT] as ParkedChunk).next[last & MASK] = node
    this.#last[gate] = node
  }

  /**
   * The holder is gone. True when the next parked message holds the key now: its `position` and `place` stand in those
   * fields until the next call. False when nothing waited, and the key has no state any more.
   */
  leave(gate: number): boolean {
    const node = this.#first[gate] as number
    if (node === NONE) {
      this.#gates.delete(this.#names[gate] as string)
      this.#names[gate] = ''
      this.#first[gate] = this.#freeGate
      this.#freeGate = gate
      return false
    }
    const chunk = this.#chunks[node >>> SHIFT] as ParkedChunk
    const at = node & MASK
    const next = chunk.next[at] as number
    this.position = chunk.positions[at] as number
    this.place = chunk.places[at] as number
    this.#first[gate] = next
    if (next === NONE) this.#last[gate] = NONE
    this.#freeOne(chunk, at, node)
    return true
  }

  /** Positions that wait behind a key, in no promised order. */
  *positions(): IterableIterator<number> {
    for (const gate of this.#gates.values()) {
      for (let node = this.#first[gate] as number; node !== NONE; ) {
        const chunk = this.#chunks[node >>> SHIFT] as ParkedChunk
        yield chunk.positions[node & MASK] as number
        node = chunk.next[node & MASK] as number
      }
    }
  }

  #allocate(key: string): number {
    const free = this.#freeGate
    if (free === NONE) {
      const gate = this.#names.push(key) - 1
      if (gate === this.#first.length) {
        this.#first = grown(this.#first, gate * 2)
        this.#last = grown(this.#last, gate * 2)
      }
      this.#first[gate] = NONE
      this.#last[gate] = NONE
      return gate
    }
    this.#freeGate = this.#first[free] as number
    this.#first[free] = NONE
    this.#names[free] = key
    return free
  }

  #takeNode(): number {
    this.#parked++
    const free = this.#freeNode
    if (free === NONE) {
      if (this.#nodes >>> SHIFT === this.#chunks.length) this.#chunks.push(new ParkedChunk())
      return this.#nodes++
    }
    this.#freeNode = (this.#chunks[free >>> SHIFT] as ParkedChunk).next[free & MASK] as number
    return free
  }

  #freeOne(chunk: ParkedChunk, at: number, node: number): void {
    this.#parked--
    if (this.#parked > 0) {
      chunk.next[at] = this.#freeNode
      this.#freeNode = node
      return
    }
    // Nothing is parked: start over, and hold one chunk only, so that a backlog that was served holds no memory.
    this.#freeNode = NONE
    this.#nodes = 0
    this.#chunks.length = 1
  }
}
