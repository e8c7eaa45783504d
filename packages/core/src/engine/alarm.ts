import type { TimerHandle, Timers } from '../driver/environment.js'

/** One timer, set at most once at a time. */
export class Alarm {
  readonly #timers: Timers
  readonly #ring: () => void
  #handle: TimerHandle | undefined

  constructor(timers: Timers, ring: () => void) {
    this.#timers = timers
    this.#ring = ring
  }

  get isSet(): boolean {
    return this.#handle !== undefined
  }

  /** Rings once, in `ms` milliseconds, instead of when it would have. */
  set(ms: number): void {
    this.clear()
    this.#handle = this.#timers.setTimeout(() => {
      this.#handle = undefined
      this.#ring()
    }, ms)
  }

  clear(): void {
    if (this.#handle !== undefined) this.#timers.clearTimeout(this.#handle)
    this.#handle = undefined
  }
}
