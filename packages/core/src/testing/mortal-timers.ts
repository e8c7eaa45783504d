import type { TimerHandle, Timers } from '../driver/environment.js'

/**
 * The timers of something that may die: once it is dead, nothing that it had set runs, and nothing that it sets will. An adapter
 * that is given these sends no heartbeat after its process has been killed, and hears nothing.
 */
export class MortalTimers implements Timers {
  readonly #timers: Timers
  readonly #timeouts = new Set<TimerHandle>()
  readonly #immediates = new Set<TimerHandle>()
  #isDead = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  die(): void {
    this.#isDead = true
    for (const handle of this.#timeouts) this.#timers.clearTimeout(handle)
    for (const handle of this.#immediates) this.#timers.clearImmediate(handle)
    this.#timeouts.clear()
    this.#immediates.clear()
  }

  /** For whoever clears up after the dead. What it had set is gone. */
  revive(): void {
    this.#isDead = false
  }

  setTimeout(callback: () => void, ms: number): TimerHandle {
    if (this.#isDead) return undefined
    const handle = this.#timers.setTimeout(() => {
      this.#timeouts.delete(handle)
      callback()
    }, ms)
    this.#timeouts.add(handle)
    return handle
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timeouts.delete(handle)
    this.#timers.clearTimeout(handle)
  }

  setImmediate(callback: () => void): TimerHandle {
    if (this.#isDead) return undefined
    const handle = this.#timers.setImmediate(() => {
      this.#immediates.delete(handle)
      callback()
    })
    this.#immediates.add(handle)
    return handle
  }

  clearImmediate(handle: TimerHandle): void {
    this.#immediates.delete(handle)
    this.#timers.clearImmediate(handle)
  }
}
