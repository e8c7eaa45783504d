import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Delivery } from '../../driver/subscriber.js'
import { type Orphan, Orphans } from './orphans.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'

/**
 * Orphans with the clock. A run whose lease has ended is told so: at once where there is no source that its message could
 * come back to, otherwise a sixth of a lease later. A verdict is forgotten when its message has had time to come back to a
 * source that was there to pull it.
 */
export class OrphanKeeper {
  readonly #environment: Environment
  readonly #lease: number
  readonly #leaseEnded: (run: Run) => void
  readonly #orphans = new Orphans()
  readonly #runs = new Map<Run, number>()
  #timer: TimerHandle | undefined
  /** When that timer fires. This and all times below: monotonic milliseconds. */
  #checkAt = 0
  /** Since when there has been a source again, and since when there has been none. */
  #upSince = Number.POSITIVE_INFINITY
  #downSince = Number.POSITIVE_INFINITY

  constructor(environment: Environment, lease: number, leaseEnded: (run: Run) => void) {
    this.#environment = environment
    this.#lease = lease
    this.#leaseEnded = leaseEnded
  }

  get isEmpty(): boolean {
    return this.#orphans.isEmpty
  }

  /** A source is open. */
  up(): void {
    this.#upSince = this.#environment.clock.monotonic()
    this.#downSince = Number.POSITIVE_INFINITY
  }

  /** There is none. */
  down(): void {
    this.#upSince = Number.POSITIVE_INFINITY
    this.#downSince = this.#environment.clock.monotonic()
    for (const until of this.#runs.values()) this.#arm(this.#patience(until))
  }

  /** `until`: when its lease ends. */
  addRun(run: Run, until: number): void {
    this.#orphans.add(run.delivery, { run }, until)
    if (!Number.isFinite(until)) return
    this.#runs.set(run, until)
    this.#arm(this.#patience(until))
  }

  addVerdict(delivery: Delivery, verdict: Verdict, until: number): void {
    this.#orphans.add(delivery, { verdict }, until)
    this.#arm()
  }

  claim(delivery: Delivery): Orphan | undefined {
    const orphan = this.#orphans.claim(delivery)
    if (orphan !== undefined && 'run' in orphan) this.#runs.delete(orphan.run)
    return orphan
  }

  ended(delivery: Delivery, verdict: Verdict): void {
    this.#orphans.ended(delivery, verdict)
  }

  forget(delivery: Delivery): void {
    this.#orphans.forget(delivery)
  }

  stop(): void {
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#runs.clear()
  }

  /** When a run is told that its lease has ended. */
  #patience(until: number): number {
    const aWhile = this.#lease / 6
    return Math.min(until + aWhile, Math.max(until, this.#downSince + aWhile))
  }

  /** Looks at the latest after one more lease, because of the verdicts. */
  #arm(wanted = Number.POSITIVE_INFINITY): void {
    const now = this.#environment.clock.monotonic()
    const at = Math.max(now, Math.min(wanted, now + this.#lease))
    if (this.#timer !== undefined && this.#checkAt <= at) return
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#checkAt = at
    this.#timer = this.#environment.timers.setTimeout(this.#check, at - now)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const now = this.#environment.clock.monotonic()
    for (const [run, until] of this.#runs) {
      const isOpen = run.tie === 'orphaned' && run.hasSlot
      const end = this.#patience(until)
      if (isOpen && now < end) this.#arm(end)
      else this.#runs.delete(run)
      if (isOpen && now >= end) this.#leaseEnded(run)
    }
    // After its lease a message waits its turn; one more lease is ample for it to come back here.
    if (now >= this.#upSince + this.#lease) this.#orphans.purge(now - this.#lease)
    if (!this.#orphans.isEmpty) this.#arm()
  }
}
