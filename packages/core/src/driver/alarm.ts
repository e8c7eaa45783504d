import type { TimerHandle, Timers } from './environment.js'

/**
 * One timer, set at most once at a time. All times are in milliseconds.
 *
 * @example
 * ```ts
 * import { Alarm, type Environment } from '@pluribus/core/driver'
 *
 * const nap = ({ timers }: Environment, wake: () => void) => new Alarm(timers, wake).set(50)
 * ```
 */
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
