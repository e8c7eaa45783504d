const SLOTS = 2 ** 20

/** Leases in typed arrays; a token is `generation * 2^20 + slot`, so that one that is late is refused without a search. */
export class LeaseSlots {
  readonly #tokens: Float64Array
  readonly #places: Float64Array
  readonly #deadlines: Float64Array
  readonly #free: number[] = []
  /** Failed runs, of the few messages that have any. */
  readonly #failures = new Map<number, number>()
  /** Places to hand out again. */
  readonly returned: number[] = []

  constructor(size: number) {
    this.#tokens = Float64Array.from({ length: size }, (_, slot) => SLOTS + slot)
    this.#places = new Float64Array(size)
    this.#deadlines = new Float64Array(size).fill(Number.POSITIVE_INFINITY)
    for (let slot = size - 1; slot >= 0; slot--) this.#free.push(slot)
  }

  get room(): number {
    return this.#free.length
  }

  failuresOf(place: number): number {
    return this.#failures.size === 0 ? 0 : (this.#failures.get(place) ?? 0)
  }

  take(place: number, deadline: number): number {
    const slot = this.#free.pop() as number
    this.#places[slot] = place
    this.#deadlines[slot] = deadline
    return this.#tokens[slot] as number
  }

  /** Answers the place, or -1 for a token that is late. */
  end(token: number): number {
    const slot = token % SLOTS
    if (this.#tokens[slot] !== token) return -1
    this.#tokens[slot] = token + SLOTS
    this.#deadlines[slot] = Number.POSITIVE_INFINITY
    this.#free.push(slot)
    return this.#places[slot] as number
  }

  giveBack(token: number): void {
    const place = this.end(token)
    if (place < 0) return
    this.failed(place)
    this.returned.push(place)
  }

  /** A run has failed. */
  failed(place: number): void {
    this.#failures.set(place, this.failuresOf(place) + 1)
  }

  expire(now: number): void {
    this.#deadlines.forEach((deadline, slot) => {
      if (deadline <= now) this.giveBack(this.#tokens[slot] as number)
    })
  }
}
