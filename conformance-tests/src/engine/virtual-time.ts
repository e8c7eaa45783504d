import type { Clock, Environment, Logger, Timers } from '@pluribus/core/driver'
import { VirtualClock } from '@pluribus/core/testing'
import { Overdue } from './overdue.js'
import { ServerTimers } from './server-timers.js'
import type { Time } from './time.js'

/** Milliseconds that this process may work while virtual time stands still: messages that make messages would never let it pass. */
const ENDLESS = 5_000

/** Time that passes only where everything waits for it. A case that waits for nothing that could come ends at once. */
export class VirtualTime implements Time {
  readonly server: { readonly clock: Clock; readonly timers: ServerTimers }
  readonly #clock: VirtualClock

  constructor(seed: number, endless = ENDLESS) {
    this.#clock = new VirtualClock({ seed, workPerInstant: endless })
    this.server = { clock: this.#clock, timers: new ServerTimers(this.#clock.timers) }
  }

  get clock(): Clock {
    return this.#clock
  }

  get timers(): Timers {
    return this.#clock.timers
  }

  get pendingTimers(): number {
    return this.#clock.pendingTimers - this.server.timers.pending
  }

  /** Moves the wall clock alone. */
  jumpWall(ms: number): void {
    this.#clock.jumpWall(ms)
  }

  environment(instance: string, logger: Logger): Environment {
    // The clock gives all of them but the logger and the instance.
    return this.#clock.environment({ instance, logger }) as Environment
  }

  async drive<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    promise.then(settle, settle)
    try {
      await this.#clock.until(() => isSettled, { within: ms, what })
    } catch (error) {
      // A callback of the broker's that threw is not a matter of time.
      if (!(error instanceof Error) || !/^(Not within|No timer is left|Livelock)/.test(error.message)) throw error
      throw new Overdue(error.message)
    }
    return promise
  }
}
