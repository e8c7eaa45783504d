import type { Environment, TimerHandle } from '../driver/environment.js'
import type { Delivery } from '../driver/subscriber.js'
import { type Orphan, Orphans } from './orphans.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'

/**
 * Orphans with the clock: a run whose lease has ended is told so; a verdict is forgotten when its message has had time to
 * come back, to a source that was there to pull it.
 */
export class OrphanKeeper {
  readonly #environment: Environment
  readonly #lease: number
  readonly #leaseEnded: (run: Run) => void
  readonly #orphans = new Orphans()
  readonly #runs = new Map<Run, number>()
  #timer: TimerHandle | undefined
  /** Since when there has been a source again, monotonic milliseconds. */
  #up = Number.POSITIVE_INFINITY

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
    this.#up = this.#environment.clock.monotonic()
  }

  down(): void {
    this.#up = Number.POSITIVE_INFINITY
  }

  /** `until`: monotonic milliseconds up to which the lease is certainly ours. */
  addRun(run: Run, until: number): void {
    this.#orphans.add(run.delivery, { run }, until)
    if (!Number.isFinite(until)) return
    this.#runs.set(run, until)
    this.#arm()
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

  /** Looks at a sixth of a lease: a signal that late is as good as one in time, because leases are renewed at a third. */
  #arm(): void {
    this.#timer ??= this.#environment.timers.setTimeout(this.#check, this.#lease / 6)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const now = this.#environment.clock.monotonic()
    for (const [run, until] of this.#runs) {
      if (run.tie === 'orphaned' && run.hasSlot && now < until) continue
      this.#runs.delete(run)
      if (run.tie === 'orphaned' && run.hasSlot) this.#leaseEnded(run)
    }
    // After its lease a message waits its turn; one more lease is ample for it to come back here.
    if (now >= this.#up + this.#lease) this.#orphans.purge(now - this.#lease)
    if (this.#runs.size > 0 || !this.#orphans.isEmpty) this.#arm()
  }
}
