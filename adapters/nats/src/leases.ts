import type { Environment, TimerHandle } from '@pluribus/core/driver'
import type { Item } from './item.js'

/** What leases are made with. */
export interface LeasesOptions {
  readonly environment: Environment
  /** Milliseconds. */
  readonly lease: number
  /** Everything that may have one. */
  held(): Iterable<Item>
  /** These have ended, and have none any more. */
  expired(items: readonly Item[]): void
}

/**
 * Until when core has a delivery without renewing it. The end stands in the delivery itself, and all are looked through when the first
 * may have ended: that is once in a lease, where a list in the order of their ends would be kept for each delivery.
 */
export class Leases {
  readonly #options: LeasesOptions
  #timer: TimerHandle | undefined

  constructor(options: LeasesOptions) {
    this.#options = options
  }

  /** It is core's for a lease from then on, monotonic milliseconds, whether it was before or not. */
  start(item: Item, now: number): void {
    const { lease } = this.#options
    item.leasedUntil = now + lease
    if (this.#timer === undefined) this.#arm(lease)
  }

  /** It is settled, or gone otherwise. */
  end(item: Item): void {
    item.leasedUntil = Number.POSITIVE_INFINITY
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer = this.#options.environment.timers.setTimeout(this.#check, ms)
  }

  readonly #check = (): void => {
    const { environment, held, expired } = this.#options
    this.#timer = undefined
    const now = environment.clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    const over: Item[] = []
    for (const item of held()) {
      if (item.leasedUntil <= now) over.push(item)
      else next = Math.min(next, item.leasedUntil)
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next - now)
    for (const item of over) this.end(item)
    if (over.length > 0) expired(over)
  }
}
