import type { Environment, TimerHandle } from '../../driver/environment.js'

/** What a lease keeper asks of the source session it belongs to. */
export interface LeaseHolder {
  /** Whether any delivery is held. */
  isHolding(): boolean
  /** Renews everything held; resolves when the broker has confirmed it. */
  renew(): Promise<void>
  /** No renewal was confirmed for a whole lease: by our own clock, everything held is lost. */
  expired(): void
}

/**
 * Renews what a source holds at a third of the lease, with one timer, armed only while something is held. Errs on the early
 * side: a lease is counted from before the call that got or renewed the oldest delivery.
 */
export class LeaseKeeper {
  readonly #environment: Environment
  readonly #lease: number
  readonly #holder: LeaseHolder
  #since = 0
  /** Renewals under way, and since when the oldest is leased that came while they were: that one they do not renew. */
  readonly #renewals = new Set<{ oldest: number }>()
  #timer: TimerHandle | undefined

  constructor(environment: Environment, lease: number, holder: LeaseHolder) {
    this.#environment = environment
    this.#lease = lease
    this.#holder = holder
  }

  /** Monotonic milliseconds up to which everything held is certainly ours. */
  get safeUntil(): number {
    return this.#since + this.#lease
  }

  /** Whether what was got by a call that began at `since` may be nobody's any more. */
  isOver(since: number): boolean {
    return this.#environment.clock.monotonic() >= since + this.#lease
  }

  /** Whoever slept finds the timer late: asked at `now`, it is as if it had been in time. */
  expire(now: number): void {
    if (this.#timer === undefined || now < this.safeUntil) return
    this.stop()
    this.#holder.expired()
  }

  /** Something has come of which no lease began before `since`, monotonic milliseconds. */
  got(since: number): void {
    for (const renewal of this.#renewals) renewal.oldest = Math.min(renewal.oldest, since)
    // What was fetched before it was pulled may be older than what is held.
    if (this.#timer !== undefined && since >= this.#since) return
    this.stop()
    this.#since = since
    this.#arm()
  }

  stop(): void {
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    const left = this.safeUntil - this.#environment.clock.monotonic()
    this.#timer = this.#environment.timers.setTimeout(this.#tick, Math.max(0, Math.min(this.#lease / 3, left)))
  }

  readonly #tick = (): void => {
    this.#timer = undefined
    if (!this.#holder.isHolding()) return
    const now = this.#environment.clock.monotonic()
    if (now >= this.safeUntil) return this.#holder.expired()
    this.#arm()
    const renewal = { oldest: Number.POSITIVE_INFINITY }
    this.#renewals.add(renewal)
    this.#holder
      .renew()
      .then(
        () => {
          this.#since = Math.min(now, renewal.oldest)
        },
        error => this.#environment.logger.warn({ error }, 'Renewing leases has failed; it is tried again.'),
      )
      .finally(() => this.#renewals.delete(renewal))
  }
}
