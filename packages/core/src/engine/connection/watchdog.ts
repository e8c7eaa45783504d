import type { Environment, TimerHandle } from '../../driver/environment.js'
import { PluribusError } from '../../errors/pluribus-error.js'

interface Call {
  readonly what: string
  readonly since: number
}

/**
 * Notices calls to the broker that are never answered, as on a half-open connection: one timer for all of them, none per
 * call. Where an answer is `limit` milliseconds late the connection is taken for broken.
 */
export class Watchdog {
  readonly #environment: Environment
  readonly #limit: number
  readonly #silent: (error: PluribusError) => void
  readonly #calls = new Set<Call>()
  #timer: TimerHandle | undefined
  #isStopped = false

  constructor(environment: Environment, limit: number, silent: (error: PluribusError) => void) {
    this.#environment = environment
    this.#limit = limit
    this.#silent = silent
  }

  /** Watches one call. The promise is handed back as it is. */
  watch<T>(what: string, promise: Promise<T>): Promise<T> {
    if (this.#isStopped) return promise
    const call: Call = { what, since: this.#environment.clock.monotonic() }
    this.#calls.add(call)
    if (this.#timer === undefined) this.#arm(this.#limit)
    const answered = () => void this.#calls.delete(call)
    promise.then(answered, answered)
    return promise
  }

  /** For good: the connection is over, and what is still asked of it fails by itself or is waited for by nobody. */
  stop(): void {
    this.#isStopped = true
    this.#calls.clear()
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer = this.#environment.timers.setTimeout(this.#check, ms)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    // Calls are added in the order of time, so the first is the oldest.
    const oldest = this.#calls.values().next().value
    if (oldest === undefined) return
    const age = this.#environment.clock.monotonic() - oldest.since
    if (age < this.#limit) return this.#arm(this.#limit - age)
    this.stop()
    this.#silent(
      new PluribusError('TIMEOUT', `The broker has not answered "${oldest.what}" within ${this.#limit} ms.`, {
        details: { call: oldest.what, limit: this.#limit },
      }),
    )
  }
}
