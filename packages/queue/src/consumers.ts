import { Consumer, type ConsumerInit, type ConsumerParts, type Holder } from './consumer.js'
import type { DeliveryQueue } from './delivery-queue.js'
import { StandingDemand } from './standing-demand.js'
import { Succession } from './succession.js'
import { SUSPECT_AFTER } from './trouble.js'

/**
 * What a claim has come to. What it took stands in `DeliveryQueue.claimed`.
 *
 * @example
 * ```ts
 * import type { Claim } from '@pluribus/queue'
 *
 * const nothing: Claim = { count: 0, more: false, due: Number.POSITIVE_INFINITY }
 * ```
 */
export interface Claim {
  readonly count: number
  /** It did not take everything that it had room for: another one finds more at once. */
  readonly more: boolean
  /** When time alone makes something ready, or Infinity. */
  readonly due: number
}

/**
 * Those who consume a queue: who is open, who waits to be woken, and who follows whom. Times are of the queue's clock.
 *
 * @example
 * ```ts
 * import { Consumers, DeliveryQueue } from '@pluribus/queue'
 *
 * const queue = new DeliveryQueue({ order: 'fifo', bands: 1, keyOf: () => undefined, bandOf: () => 0, handled: () => {} })
 * const consumers = new Consumers(queue)
 * const wake = () => console.log('claim')
 * const consumer = consumers.open(
 *   { instance: 0, holder: undefined, lease: 30_000, wake, replaced() {}, ended() {} },
 *   performance.now(),
 * )
 * consumers.claim(consumer, 8, performance.now()) // there is nothing: from now on it waits
 * queue.add(1, 0, performance.now())
 * consumers.stir(1, performance.now()) // claim
 * ```
 */
export class Consumers {
  readonly #queue: DeliveryQueue
  readonly #demand = new StandingDemand()
  readonly #succession: Succession
  readonly #open = new Set<Consumer>()
  readonly #parts: Omit<ConsumerParts, 'session'>

  constructor(queue: DeliveryQueue) {
    this.#queue = queue
    this.#succession = new Succession(queue)
    this.#parts = {
      detach: (consumer, now) => this.#detach(consumer, now),
      leave: consumer => this.#succession.leave(consumer),
      abandon: consumer => this.#succession.abandon(consumer),
    }
  }

  /** Whether anybody waits to be woken. */
  get isAnyAsleep(): boolean {
    return this.#demand.asleep > 0
  }

  /** Whether a later generation of the holder, or the same one, was opened already: then this one is not to be. */
  isLate(instance: number, holder: Holder | undefined): boolean {
    return holder !== undefined && this.#succession.isLate(instance, holder)
  }

  /** Begins to consume, with whatever the generation before held: the first claims bring that. */
  open(init: ConsumerInit, now: number): Consumer {
    const session = this.#queue.open(init.instance, init.lease)
    const consumer = new Consumer(init, { session, ...this.#parts })
    this.#open.add(consumer)
    this.#demand.join(consumer.sleeper)
    consumer.transferred = this.#succession.enter(consumer, now)
    // What was leased ends at another time now.
    if (consumer.transferred > 0) this.stir(0, now)
    return consumer
  }

  /**
   * Leases up to `max` messages to a consumer, which waits for as many as there were too few. {@link handOn} is to follow, once what was
   * claimed has been read: whoever is woken may claim.
   */
  claim({ session, sleeper }: Consumer, max: number, now: number): Claim {
    const queue = this.#queue
    const count = queue.claim(session, max, now)
    // A suspect stops the claim before it. Who runs one does so alone, and claims again afterwards: a wake-up that was meant
    // for somebody idle must not go there.
    const isAlone = count === 1 && (queue.claimed.losses[0] as number) >= SUSPECT_AFTER
    const more = isAlone || (count > 0 && count < max && queue.hasReady(now, session))
    const due = queue.nextDue()
    this.#demand.sleep(sleeper, more ? 0 : max - count, due)
    return { count, more, due }
  }

  /** What a claim for up to `max` has left is others': whoever made it was filled, or stopped, or had no room after all. */
  handOn({ count }: Claim, max: number, now: number): void {
    // And what is leased now may come back before the others expect anything.
    if (count > 0 || max < 1) this.stir(1, now)
  }

  /** To be called after whatever may have made up to `count` messages ready, or one due sooner than before. */
  stir(count: number, now: number): void {
    const [demand, queue] = [this.#demand, this.#queue]
    if (demand.asleep > 0 && queue.hasReady(now)) demand.wake(count)
    if (demand.asleep > 0) demand.due(queue.nextDue())
  }

  /** The subscription is gone: so is everybody. */
  end(cause: unknown, now: number): void {
    for (const consumer of [...this.#open]) consumer.end(cause, now)
  }

  /** It may have been woken for something that it has not claimed. */
  #detach(consumer: Consumer, now: number): void {
    this.#open.delete(consumer)
    this.#demand.leave(consumer.sleeper)
    this.stir(1, now)
  }
}
