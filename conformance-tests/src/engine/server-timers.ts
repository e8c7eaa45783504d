import type { TimerHandle, Timers } from '@pluribus/core/driver'

/** The timers of a simulated server, which lives on when all of its clients are gone: none of them has left these behind. */
export class ServerTimers implements Timers {
  readonly #timers: Timers
  readonly #pending = new Set<TimerHandle>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  get pending(): number {
    return this.#pending.size
  }

  setTimeout(callback: () => void, ms: number): TimerHandle {
    return this.#counted(run => this.#timers.setTimeout(run, ms), callback)
  }

  clearTimeout(handle: TimerHandle): void {
    this.#pending.delete(handle)
    this.#timers.clearTimeout(handle)
  }

  setImmediate(callback: () => void): TimerHandle {
    return this.#counted(run => this.#timers.setImmediate(run), callback)
  }

  clearImmediate(handle: TimerHandle): void {
    this.#pending.delete(handle)
    this.#timers.clearImmediate(handle)
  }

  #counted(set: (run: () => void) => TimerHandle, callback: () => void): TimerHandle {
    const handle = set(() => {
      this.#pending.delete(handle)
      callback()
    })
    this.#pending.add(handle)
    return handle
  }
}
