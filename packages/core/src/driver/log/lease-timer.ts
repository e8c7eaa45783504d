import type { Clock, TimerHandle, Timers } from '../environment.js'
import type { Token } from '../subscriber.js'

/**
 * Leases that only we know of, for brokers that have none of their own, or none that they tell us of (`fencing: 'local'`): a
 * delivery that core neither settles nor renews in time is taken back. All leases of a source are of one length, so that
 * the order of their ends is that of their starts, and one timer does for all.
 *
 * @example
 * ```ts
 * import { type Environment, LeaseTimer, type SourceEvents } from '@pluribus/core/driver'
 *
 * const leases = (environment: Environment, events: SourceEvents) =>
 *   new LeaseTimer(environment, 30_000, tokens => events.lost(tokens))
 * ```
 */
export class LeaseTimer {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #lease: number
  readonly #expired: (tokens: readonly Token[]) => void
  /** When each lease ends, by the monotonic clock; soonest first. */
  readonly #ends = new Map<Token, number>()
  #timer: TimerHandle | undefined

  /** @param lease Milliseconds. @param expired Told of leases that have ended, which are forgotten by then. */
  constructor(
    { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
    lease: number,
    expired: (tokens: readonly Token[]) => void,
  ) {
    this.#clock = clock
    this.#timers = timers
    this.#lease = lease
    this.#expired = expired
  }

  get size(): number {
    return this.#ends.size
  }

  /** The delivery is ours for one lease from now on, whether it was before or not. */
  start(token: Token): void {
    this.#ends.delete(token)
    this.#ends.set(token, this.#clock.monotonic() + this.#lease)
    if (this.#timer === undefined) this.#arm(this.#lease)
  }

  /** False where its lease has ended. */
  renew(token: Token): boolean {
    if (!this.#ends.has(token)) return false
    this.start(token)
    return true
  }

  /** It is settled, or gone otherwise. */
  end(token: Token): void {
    this.#ends.delete(token)
    if (this.#ends.size === 0) this.stop()
  }

  /** Forgets everything. */
  stop(): void {
    this.#ends.clear()
    if (this.#timer !== undefined) this.#timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer = this.#timers.setTimeout(this.#check, ms)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    const over: Token[] = []
    for (const [token, end] of this.#ends) {
      // Renewals since the timer was set have moved the first end: it is set again for what is left.
      if (end > now) {
        this.#arm(end - now)
        break
      }
      over.push(token)
    }
    for (const token of over) this.#ends.delete(token)
    if (over.length > 0) this.#expired(over)
  }
}
