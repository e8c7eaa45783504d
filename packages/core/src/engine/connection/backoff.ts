/**
 * First delay and longest delay between attempts, in milliseconds. Messages have to flow 5 s after a broker is back, and an
 * attempt may have failed just before that: half of it is for connecting, declaring and opening.
 */
const FIRST = 100
const LONGEST = 2_500

/**
 * Exponential backoff with jitter: between half and all of 100 ms, 200 ms, … 2.5 s, or of other bounds, so that processes do not
 * retry in step.
 */
export class Backoff {
  readonly #random: () => number
  readonly #first: number
  readonly #longest: number
  #next: number

  constructor(random: () => number, first = FIRST, longest = LONGEST) {
    this.#random = random
    this.#first = first
    this.#longest = longest
    this.#next = first
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const delay = this.#next * (0.5 + this.#random() / 2)
    this.#next = Math.min(this.#longest, this.#next * 2)
    return delay
  }

  reset(): void {
    this.#next = this.#first
  }
}
