import type { LogEnvironment } from '@pluribus/commit-log'

type Clock = LogEnvironment['clock']

/**
 * The folder's own time: milliseconds that go on from the last one the log tells, or from the wall clock where that is later, and then
 * with the monotonic clock of whoever leads the folder. Delays that pass while nobody has the folder open pass by the wall clock;
 * while it is open, no jump of that moves anything.
 */
export class FolderClock {
  readonly #clock: Clock
  readonly #start: number
  readonly #base: number

  constructor(clock: Clock, latest: number) {
    this.#clock = clock
    this.#base = Math.max(latest, clock.now())
    this.#start = clock.monotonic()
  }

  now(): number {
    return this.#base + this.#clock.monotonic() - this.#start
  }

  /** Milliseconds since the epoch, for what people read. */
  wall(): number {
    return this.#clock.now()
  }
}
