import type { Consumer, Holder } from './consumer.js'
import type { DeliveryQueue } from './delivery-queue.js'

/**
 * Which consumer follows which, on one queue. One that goes without goodbye (its connection was cut, or given up) stays known for as
 * long as it holds something: the next generation of its holder takes that over. So does the first one of an instance that had
 * something when the queue was begun anew.
 */
export class Succession {
  readonly #queue: DeliveryQueue
  readonly #latest = new Map<string, Consumer>()
  /** Gone without goodbye. */
  readonly #abandoned = new Set<Consumer>()
  /** Sessions that the queue was begun with, by their instances. */
  readonly #kept = new Map<number, number>()

  constructor(queue: DeliveryQueue) {
    this.#queue = queue
    for (const { id, instance } of queue.sessions()) this.#kept.set(instance, id)
  }

  /** Whether a later generation of the holder, or the same one, was opened already: then this one is not to be. */
  isLate(instance: number, holder: Holder): boolean {
    const latest = this.#latest.get(nameOf(instance, holder))?.holder
    return latest !== undefined && latest.generation >= holder.generation
  }

  /** Takes over from the one before, at `now` of the queue's clock. Answers how many deliveries. */
  enter(consumer: Consumer, now: number): number {
    this.#sweep()
    const { instance, holder, session } = consumer
    if (holder === undefined) return 0
    const name = nameOf(instance, holder)
    const before = this.#latest.get(name)
    this.#latest.set(name, consumer)
    if (before === undefined) return this.#takeKept(instance, session, now)
    const count = this.#queue.transfer(before.session, session, now)
    before.replace(now)
    return count
  }

  /** A consumer ends, and gives back what it holds. */
  leave(consumer: Consumer): void {
    this.#queue.close(consumer.session)
    this.#abandoned.delete(consumer)
    const { instance, holder } = consumer
    const name = holder && nameOf(instance, holder)
    if (name !== undefined && this.#latest.get(name) === consumer) this.#latest.delete(name)
  }

  /** A consumer is gone, and what it holds stays leased. */
  abandon(consumer: Consumer): void {
    this.#abandoned.add(consumer)
  }

  #takeKept(instance: number, session: number, now: number): number {
    const kept = this.#kept.get(instance)
    if (kept === undefined) return 0
    this.#kept.delete(instance)
    return this.#queue.transfer(kept, session, now)
  }

  /** Forgets who is gone and holds nothing any more: somebody took it over, or its leases have ended. */
  #sweep(): void {
    for (const consumer of this.#abandoned) if (!this.#queue.isHolding(consumer.session)) this.leave(consumer)
    for (const [instance, session] of this.#kept) {
      if (this.#queue.isHolding(session)) continue
      this.#queue.close(session)
      this.#kept.delete(instance)
    }
  }
}

const nameOf = (instance: number, { id }: Holder): string => `${instance}/${id}`
