import type { DeliveryQueue } from './delivery-queue.js'

/**
 * A consumer, and which of its sources one is.
 *
 * @example
 * ```ts
 * import type { Holder } from '@pluribus/queue'
 *
 * const second: Holder = { name: 'web-1/0', generation: 2 }
 * ```
 */
export interface Holder {
  /** Broker object and consumer. */
  readonly name: string
  /** Rises with every source of the consumer. */
  readonly generation: number
}

/**
 * A source, as far as the one that follows it is concerned.
 *
 * @example
 * ```ts
 * import type { Member } from '@pluribus/queue'
 *
 * const nobody: Member = { session: 1, holder: undefined, replace() {} }
 * ```
 */
export interface Member {
  /** In the queue. */
  readonly session: number
  /** Absent where nobody follows it. */
  readonly holder: Holder | undefined
  /** What it held is another's now. */
  replace(): void
}

/**
 * Which source follows which, on one subscription. A source that goes without goodbye (its connection was cut, or given up)
 * stays known for as long as it holds something: the next one of its consumer takes that over.
 *
 * @example
 * ```ts
 * import { DeliveryQueue, Succession } from '@pluribus/queue'
 *
 * const queue = new DeliveryQueue({ order: 'fifo', bands: 1, keyOf: () => undefined, bandOf: () => 0, handled: () => {} })
 * const succession = new Succession(queue)
 * const session = queue.open(0, 30_000)
 * const transferred = succession.enter({ session, holder: { name: 'web-1/0', generation: 1 }, replace() {} }, performance.now())
 * ```
 */
export class Succession {
  readonly #queue: DeliveryQueue
  readonly #latest = new Map<string, Member>()
  /** Gone without goodbye. */
  readonly #abandoned = new Set<Member>()

  constructor(queue: DeliveryQueue) {
    this.#queue = queue
  }

  /** Whether a later source of the consumer, or the same one, was opened already: then this one is not to be. */
  isLate(holder: Holder | undefined): boolean {
    const latest = holder && this.#latest.get(holder.name)?.holder
    return latest !== undefined && holder !== undefined && latest.generation >= holder.generation
  }

  /** Takes over from the source before, at `now` of the monotonic clock. Answers how many deliveries. */
  enter(member: Member, now: number): number {
    this.#sweep()
    if (member.holder === undefined) return 0
    const { name } = member.holder
    const before = this.#latest.get(name)
    this.#latest.set(name, member)
    if (before === undefined) return 0
    const count = this.#queue.transfer(before.session, member.session, now)
    before.replace()
    return count
  }

  /** A source ends, and gives back what it holds. */
  leave(member: Member): void {
    this.#queue.close(member.session)
    this.#abandoned.delete(member)
    const name = member.holder?.name
    if (name !== undefined && this.#latest.get(name) === member) this.#latest.delete(name)
  }

  /** A source is gone, and what it holds stays leased. */
  abandon(member: Member): void {
    this.#abandoned.add(member)
  }

  /** Forgets who is gone and holds nothing any more: somebody took it over, or its leases have ended. */
  #sweep(): void {
    for (const member of this.#abandoned) if (!this.#queue.isHolding(member.session)) this.leave(member)
  }
}
