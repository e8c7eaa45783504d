import type { Delivery } from '../driver/subscriber.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'

/** What is left of a delivery whose source has ended: a run that goes on, or one that ended and could not be settled. */
export type Orphan = { readonly run: Run } | { readonly verdict: Verdict }

interface Entry {
  readonly delivery: Delivery
  readonly orphan: Orphan
  /** Monotonic milliseconds after which its lease has surely ended and somebody else has handled the message. */
  readonly until: number
}

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
  }

  /** A running orphan has ended: from now on its verdict waits. */
  ended(delivery: Delivery, verdict: Verdict): void {
    const entry = this.#entries.get(delivery.message.id)
    if (entry?.delivery === delivery) this.#entries.set(delivery.message.id, { ...entry, orphan: { verdict } })
  }

  /** Takes out what belongs to a delivery that has come back: same message, same attempt. */
  claim(delivery: Delivery): Orphan | undefined {
    const { id, time } = delivery.message
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    this.#entries.delete(id)
    const isSame = entry.delivery.message.time === time && entry.delivery.attempt === delivery.attempt
    // A run that still goes on is never overtaken by another of its message, whatever its attempt.
    return isSame || 'run' in entry.orphan ? entry.orphan : undefined
  }

  forget(delivery: Delivery): void {
    if (this.#entries.get(delivery.message.id)?.delivery === delivery) this.#entries.delete(delivery.message.id)
  }

  /** Drops verdicts that nobody will ask for any more. `now`: monotonic milliseconds. */
  purge(now: number): void {
    for (const [id, { orphan, until }] of this.#entries)
      if ('verdict' in orphan && until <= now) this.#entries.delete(id)
  }
}
