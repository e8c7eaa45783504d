import type { Delivery } from '../../driver/subscriber.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'

/** What is left of a delivery whose source has ended: a run that goes on, or one that ended and could not be settled. */
export type Orphan = { readonly run: Run } | { readonly verdict: Verdict }

interface Entry {
  readonly delivery: Delivery
  readonly orphan: Orphan
  /** Monotonic milliseconds up to which its lease is certainly ours. */
  readonly until: number
}

/** Entries kept, twice what a source may hold: a connection that flaps for days must not fill the memory. */
const MOST = 40_000

/**
 * Deliveries that outlived their source. When the broker hands such a message to this process again, nothing was lost and
 * nothing failed: the run goes on under the new token, or its result is settled without running it again.
 */
export class Orphans {
  readonly #entries = new Map<string, Entry>()

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  add(delivery: Delivery, orphan: Orphan, until: number): void {
    this.#entries.set(delivery.message.id, { delivery, orphan, until })
    if (this.#entries.size > MOST) this.#forgetOldest()
  }

  /** A running orphan has ended: from now on its verdict waits. */
  ended(delivery: Delivery, verdict: Verdict): void {
    const entry = this.#entries.get(delivery.message.id)
    if (entry?.delivery === delivery) this.#entries.set(delivery.message.id, { ...entry, orphan: { verdict } })
  }

  /** Takes out what belongs to a delivery that has come back: the run, or the verdict on this very delivery. */
  claim(delivery: Delivery): Orphan | undefined {
    const entry = this.#entries.get(delivery.message.id)
    if (entry === undefined) return undefined
    this.#entries.delete(delivery.message.id)
    // A run that still goes on is never overtaken by another of its message, whatever its attempt.
    return 'run' in entry.orphan || isStillTrue(entry.orphan.verdict, entry.delivery, delivery)
      ? entry.orphan
      : undefined
  }

  forget(delivery: Delivery): void {
    if (this.#entries.get(delivery.message.id)?.delivery === delivery) this.#entries.delete(delivery.message.id)
  }

  /** Drops verdicts on deliveries whose leases had ended by `time`, monotonic milliseconds. */
  purge(time: number): void {
    for (const [id, { orphan, until }] of this.#entries)
      if ('verdict' in orphan && until <= time) this.#entries.delete(id)
  }

  /** The worst that comes of it is one run too many. */
  #forgetOldest(): void {
    for (const [id, { orphan }] of this.#entries) {
      if ('verdict' in orphan) return void this.#entries.delete(id)
    }
  }
}

/** Whether a verdict on a delivery holds for one that has come: nothing has happened to the message in between. */
function isStillTrue(verdict: Verdict, then: Delivery, now: Delivery): boolean {
  if (then.message.time !== now.message.time) return false
  if (then.attempt !== now.attempt || then.losses !== now.losses) return false
  // A death may have been stored although its answer was lost, and then been redriven: such a message comes as if it were
  // new, and has to be run.
  return verdict.kind !== 'reject' || now.attempt > 1 || now.losses > 0
}
