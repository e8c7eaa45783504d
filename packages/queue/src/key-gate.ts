import { grown } from './grown.js'
import { ParkedPool } from './parked-pool.js'

const NONE = -1
const SMALLEST = 16

/**
 * Keys nobody holds that are remembered all the same, the least recently freed forgotten first: keys come back, and
 * taking a known one costs 10 ns where adding and deleting a map entry costs 60. Bounded, so keys that do not come back
 * leave nothing behind.
 */
const IDLE = 4096

/** Somebody holds the key. */
const TAKEN = 1
/** The gate stands in the list of idle ones; it may have been taken again since. */
const LISTED = 2

/**
 * Lets one message of a key through and parks the others behind it, first come first served.
 *
 * A key has a *gate*: a small number that its holder carries, so that leaving needs no look-up by name.
 */
export class KeyGate {
  readonly #gates = new Map<string, number>()
  readonly #names: string[] = []
  readonly #parked = new ParkedPool()
  /** First and last parked node of a gate; of a gate without a key, `#first` is the next such. */
  #first = new Int32Array(SMALLEST)
  #last = new Int32Array(SMALLEST)
  #state = new Uint8Array(SMALLEST)
  #free = NONE

  /** Gates that were left, oldest first, as a ring. Not allocated before the first. */
  #idle: Int32Array | undefined = undefined
  #idleStart = 0
  #idleCount = 0

  /** Keys that have a gate. */
  get size(): number {
    return this.#gates.size
  }

  /** Messages that wait behind a key. */
  get parked(): number {
    return this.#parked.size
  }

  /** The message that `leave` let through, until the next call. */
  get position(): number {
    return this.#parked.position
  }

  get place(): number {
    return this.#parked.place
  }

  /** Takes the key and returns its gate, or `~gate` (negative) where the key is taken already. */
  enter(key: string): number {
    const gate = this.#gates.get(key)
    if (gate === undefined) return this.#create(key)
    const state = this.#state[gate] as number
    if ((state & TAKEN) !== 0) return ~gate
    this.#state[gate] = state | TAKEN
    return gate
  }

  /** The gate of a key that is taken. */
  gateOf(key: string): number {
    return this.#gates.get(key) as number
  }

  /** Appends a message to what waits behind the gate. */
  park(gate: number, position: number, place: number): void {
    const last = this.#last[gate] as number
    const node = this.#parked.append(last, position, place)
    if (last === NONE) this.#first[gate] = node
    this.#last[gate] = node
  }

  /** The holder is gone. True when the next parked message (`position`, `place`) holds the key now; false: nobody does. */
  leave(gate: number): boolean {
    const node = this.#first[gate] as number
    if (node === NONE) {
      this.#rest(gate)
      return false
    }
    const next = this.#parked.take(node)
    this.#first[gate] = next
    if (next === NONE) this.#last[gate] = NONE
    return true
  }

  /** Positions that wait behind a key, in no promised order. */
  *positions(): IterableIterator<number> {
    for (const gate of this.#gates.values()) yield* this.#parked.positions(this.#first[gate] as number)
  }

  #rest(gate: number): void {
    const listed = (this.#state[gate] as number) & LISTED
    this.#state[gate] = LISTED
    if (listed !== 0) return
    this.#idle ??= new Int32Array(IDLE)
    if (this.#idleCount === IDLE) this.#forgetOldest(this.#idle)
    this.#idle[(this.#idleStart + this.#idleCount++) % IDLE] = gate
  }

  #forgetOldest(idle: Int32Array): void {
    const gate = idle[this.#idleStart] as number
    this.#idleStart = (this.#idleStart + 1) % IDLE
    this.#idleCount--
    const state = this.#state[gate] as number
    this.#state[gate] = state & ~LISTED
    if ((state & TAKEN) !== 0) return
    this.#gates.delete(this.#names[gate] as string)
    this.#names[gate] = ''
    this.#first[gate] = this.#free
    this.#free = gate
  }

  #create(key: string): number {
    let gate = this.#free
    if (gate === NONE) {
      gate = this.#names.push(key) - 1
      if (gate === this.#first.length) this.#grow(gate * 2)
    } else {
      this.#free = this.#first[gate] as number
      this.#names[gate] = key
    }
    this.#first[gate] = NONE
    this.#last[gate] = NONE
    this.#state[gate] = TAKEN
    this.#gates.set(key, gate)
    return gate
  }

  #grow(length: number): void {
    this.#first = grown(this.#first, length)
    this.#last = grown(this.#last, length)
    this.#state = grown(this.#state, length)
  }
}
