import type { Clock } from '@pluribus/core/driver'

/**
 * The time that the processes of a file agree on: it never goes back, whatever any wall clock does, and goes on as this
 * process's monotonic clock does. Who knows an earlier one than the file takes the file's. It is stored with whatever
 * another process compares with it.
 */
export class FileClock {
  readonly #clock: Clock
  #ahead: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#ahead = clock.now() - clock.monotonic()
  }

  /** Milliseconds since the epoch, at least `stored`. */
  read(stored: number): number {
    const ours = this.#clock.monotonic() + this.#ahead
    if (ours >= stored) return Math.floor(ours)
    this.#ahead += stored - ours
    return stored
  }

  /** The end of a time that is to last `ms`: the present millisecond has begun already, and does not count. */
  static after(now: number, ms: number): number {
    return ms === 0 ? now : now + ms + 1
  }
}
