import {
  type Clock,
  type ConsumerGeneration,
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  replaced,
  type Settled,
  type SettleException,
  type Settlement,
  type Source,
  type SourceEvents,
  type StoredMessage,
  SUSPECT_AFTER,
  stale,
  type Token,
} from '@pluribus/core/driver'
import type { Consumer } from '@pluribus/queue'
import { closed } from './errors.js'
import type { MessageLog } from './message-log.js'
import type { MemorySubscription } from './subscription.js'

/** Promises for what is nearly always the answer. */
const SETTLED: Promise<readonly SettleException[]> = Promise.resolve(NO_EXCEPTIONS)
const NOTHING: Promise<Pulled> = Promise.resolve(NOTHING_PULLED)

/** What a source is opened on, and for. */
export interface SourceInit {
  readonly subscription: MemorySubscription
  readonly log: MessageLog
  readonly clock: Clock
  /** The number of the broker object. */
  readonly instance: number
  readonly consumer: ConsumerGeneration | undefined
  /** Milliseconds. */
  readonly lease: number
  readonly events: SourceEvents
  /** Told when the source is over, perhaps more than once. */
  over(source: MemorySource): void
}

/** One consumer: a session of the subscription's queue. Everything happens in the turn in which it is asked for. */
export class MemorySource implements Source {
  readonly transferred: number
  readonly #init: SourceInit
  readonly #consumer: Consumer

  constructor(init: SourceInit) {
    this.#init = init
    const { subscription, clock, instance, consumer: holder, lease, events } = init
    const { consumers } = subscription
    if (consumers.isLate(instance, holder)) throw replaced('open')
    const told = {
      wake: () => events.wake(),
      replaced: () => events.ended(replaced('source')),
      ended: (cause: unknown) => {
        init.over(this)
        events.ended(cause)
      },
    }
    this.#consumer = consumers.open({ instance, holder, lease, ...told }, clock.monotonic())
    this.transferred = this.#consumer.transferred
  }

  pull(max: number): Promise<Pulled> {
    if (this.#consumer.isOver) return Promise.reject(closed('pull'))
    if (this.#consumer.isReplaced) return Promise.reject(replaced('pull'))
    const { subscription, clock } = this.#init
    const now = clock.monotonic()
    const claim = subscription.consumers.claim(this.#consumer, max, now)
    const { count, more, due } = claim
    const deliveries = count === 0 ? NOTHING_PULLED.deliveries : this.#deliveries(count)
    subscription.consumers.handOn(claim, max, now)
    if (count === 0 && due === Number.POSITIVE_INFINITY) return NOTHING
    const pulled: { deliveries: readonly Delivery[]; dueIn?: number; more?: boolean } = { deliveries }
    if (due !== Number.POSITIVE_INFINITY) pulled.dueIn = Math.max(0, due - now)
    if (more) pulled.more = true
    return Promise.resolve(pulled)
  }

  async mark(delivery: Delivery): Promise<void> {
    if (this.#consumer.isOver) throw closed('mark')
    if (!this.#init.subscription.queue.mark(delivery.token as number)) throw stale()
  }

  settle(settled: Settled): Promise<readonly SettleException[]> {
    if (this.#consumer.isOver) return Promise.reject(closed('settle'))
    const { subscription, clock } = this.#init
    const { acks, others } = settled
    const { queue, consumers } = subscription
    let exceptions: SettleException[] | undefined
    for (let index = 0; index < acks.length; index++) {
      const token = acks[index] as Token
      if (!queue.ack(token as number)) {
        exceptions ??= []
        exceptions.push({ token, kind: 'stale' })
      }
    }
    for (let index = 0; index < others.length; index++) {
      const settlement = others[index] as Settlement
      if (!this.#settleOther(settlement)) {
        exceptions ??= []
        exceptions.push({ token: settlement.token, kind: 'stale' })
      }
    }
    // What is settled frees its key, or comes back: one message each at most.
    if (consumers.isAnyAsleep) consumers.stir(acks.length + others.length, clock.monotonic())
    return exceptions === undefined ? SETTLED : Promise.resolve(exceptions)
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    if (this.#consumer.isOver) throw closed('renew')
    const { subscription, clock } = this.#init
    const now = clock.monotonic()
    const lost = batch.filter(delivery => !subscription.queue.renew(delivery.token as number, now))
    return lost.length === 0 ? NO_EXCEPTIONS : lost.map(delivery => delivery.token)
  }

  async close(): Promise<void> {
    this.#consumer.close(this.#init.clock.monotonic())
    this.#init.over(this)
  }

  /** Its connection is closed, and it was not: what it holds stays leased. */
  abandon(): void {
    this.#consumer.abandon(this.#init.clock.monotonic())
    this.#init.over(this)
  }

  #deliveries(count: number): readonly Delivery[] {
    const { subscription, log } = this.#init
    const { position, token, failures, losses, marks } = subscription.queue.claimed
    const deliveries = new Array<Delivery>(count)
    for (let index = 0; index < count; index++) {
      const at = position[index] as number
      const failed = failures[index] as number
      const lost = losses[index] as number
      if (lost > 0) subscription.troubled(at, lost)
      deliveries[index] = {
        message: log.get(at) as StoredMessage,
        token: token[index] as number,
        attempt: failed + 1,
        losses: lost,
        marks: marks[index] as number,
        suspect: lost >= SUSPECT_AFTER,
      }
    }
    return deliveries
  }

  /** False where the token is stale. */
  #settleOther(settlement: Settlement): boolean {
    const { subscription, clock } = this.#init
    const token = settlement.token as number
    if (settlement.kind === 'release') return subscription.queue.release(token)
    if (settlement.kind === 'reject') return subscription.reject(settlement, clock.now())
    return subscription.retry(token, settlement.delay, settlement.error, clock.monotonic())
  }
}
