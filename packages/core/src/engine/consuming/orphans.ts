import type { Delivery } from '../../driver/subscriber.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'
import { isSameMessage } from './same-message.js'

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
 * nothing failed: the run goes on under the new token, or its result is settled without running it again. Two messages may
 * have the same id: each orphan is claimed once, and never by another message.
 */
export class Orphans {
  readonly #entries = new Map<string, readonly Entry[]>()
  #size = 0

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(delivery: Delivery, orphan: Orphan, until: number): void {
    this.#put(delivery.message.id, [...this.#of(delivery), { delivery, orphan, until }])
    if (this.#size > MOST) this.#forgetOldest()
  }

  /** A running orphan has ended: from now on its verdict waits. */
  ended(delivery: Delivery, verdict: Verdict): void {
    const changed = (entry: Entry) => (entry.delivery === delivery ? { ...entry, orphan: { verdict } } : entry)
    this.#put(delivery.message.id, this.#of(delivery).map(changed))
  }

  /**
   * Takes out what belongs to a delivery that has come back: the run, or the verdict on this very delivery. A verdict that
   * does not hold any more goes as well.
   */
  claim(delivery: Delivery): Orphan | undefined {
    const own = this.#of(delivery).filter(entry => isSameMessage(entry.delivery.message, delivery.message))
    const entry = own.find(each => isSameDelivery(each.delivery, delivery)) ?? own.find(isRunning) ?? own[0]
    if (entry === undefined) return undefined
    for (const each of own) if (each === entry || isOvertaken(each, delivery)) this.#remove(each)
    // A run that still goes on is never overtaken by another of its message, whatever its attempt.
    const { orphan } = entry
    return 'run' in orphan || isStillTrue(orphan.verdict, entry.delivery, delivery) ? orphan : undefined
  }

  forget(delivery: Delivery): void {
    for (const entry of this.#of(delivery)) if (entry.delivery === delivery) this.#remove(entry)
  }

  /** Drops verdicts on deliveries whose leases had ended by `time`, monotonic milliseconds. */
  purge(time: number): void {
    for (const entries of this.#entries.values())
      for (const entry of entries) if (!isRunning(entry) && entry.until <= time) this.#remove(entry)
  }

  /** The worst that comes of it is one run too many. */
  #forgetOldest(): void {
    for (const entries of this.#entries.values()) {
      const oldest = entries.find(entry => !isRunning(entry))
      if (oldest !== undefined) return this.#remove(oldest)
    }
  }

  #of(delivery: Delivery): readonly Entry[] {
    return this.#entries.get(delivery.message.id) ?? NONE
  }

  #remove(entry: Entry): void {
    const { id } = entry.delivery.message
    this.#put(
      id,
      this.#of(entry.delivery).filter(each => each !== entry),
    )
  }

  #put(id: string, entries: readonly Entry[]): void {
    this.#size += entries.length - (this.#entries.get(id)?.length ?? 0)
    if (entries.length === 0) this.#entries.delete(id)
    else this.#entries.set(id, entries)
  }
}
const NONE: readonly Entry[] = Object.freeze([])

type Running = Entry & { readonly orphan: { readonly run: Run } }

const isRunning = (entry: Entry): entry is Running => 'run' in entry.orphan

const isSameDelivery = (a: Delivery, b: Delivery): boolean => a.attempt === b.attempt && a.losses === b.losses

/** A verdict on an earlier attempt: it took effect, or there would not be this one. */
const isOvertaken = (entry: Entry, { attempt }: Delivery): boolean =>
  !isRunning(entry) && entry.delivery.attempt < attempt

/** Whether a verdict on a delivery holds for one of the same message: nothing has happened to it in between. */
function isStillTrue(verdict: Verdict, then: Delivery, now: Delivery): boolean {
  if (!isSameDelivery(then, now)) return false
  // A death may have been stored although its answer was lost, and then been redriven: such a message comes as if it were
  // new, and has to be run.
  return verdict.kind !== 'reject' || now.attempt > 1 || now.losses > 0
}
