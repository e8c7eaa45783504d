import type { Clock } from '../driver/environment.js'

/** How long closing waits for the broker's answers beyond the drain, in milliseconds: in one step, and in all of them together. */
export const CLOSE_LIMIT = 5_000
/** What the steps before it leave to each step of closing, in milliseconds. */
export const CLOSE_STEP = 1_000

/** A moment that several steps share: what one of them takes, the others have no more. */
export class Deadline {
  readonly #clock: Clock
  /** Monotonic milliseconds. */
  readonly #at: number

  private constructor(clock: Clock, at: number) {
    this.#clock = clock
    this.#at = at
  }

  /** In `ms` milliseconds. */
  static after(clock: Clock, ms: number): Deadline {
    return new Deadline(clock, clock.monotonic() + ms)
  }

  /** The same, `ms` milliseconds earlier. */
  earlier(ms: number): Deadline {
    return new Deadline(this.#clock, this.#at - ms)
  }

  /** Milliseconds until then, from 0 to `most`. */
  left(most: number): number {
    return Math.max(0, Math.min(most, this.#at - this.#clock.monotonic()))
  }
}
