import {
  type Clock,
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
import { type Holder, Sleeper } from '@pluribus/queue'
import { closed } from './errors.js'
import type { MessageLog } from './message-log.js'
import type { MemorySubscription, OpenSource } from './subscription.js'

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
  readonly holder: Holder | undefined
  /** Milliseconds. */
  readonly lease: number
  readonly events: SourceEvents
  /** Told once, when the source is over. */
  over(source: MemorySource): void
}

/** One consumer: a session of the subscription's queue. Everything happens in the turn in which it is asked for. */
export class MemorySource implements Source, OpenSource {
  readonly sleeper: Sleeper
  readonly session: number
  readonly transferred: number
  readonly #init: SourceInit
  #over = false
  /** What it held is another's: its tokens are stale, and it gets no others. */
  #isReplaced = false

  constructor(init: SourceInit) {
    this.#init = init
    this.sleeper = new Sleeper(() => init.events.wake())
    if (init.subscription.succession.isLate(init.holder)) throw replaced('open')
    this.session = init.subscription.queue.open(init.instance, init.lease)
    this.transferred = init.subscription.attach(this, init.clock.monotonic())
  }

  get holder(): Holder | undefined {
    return this.#init.holder
  }

  pull(max: number): Promise<Pulled> {
    if (this.#over) return Promise.reject(closed('pull'))
    if (this.#isReplaced) return Promise.reject(replaced('pull'))
    const { subscription, clock } = this.#init
    const { queue } = subscription
    const now = clock.monotonic()
    const count = queue.claim(this.session, max, now)
    const deliveries = count === 0 ? NOTHING_PULLED.deliveries : this.#deliveries(count)
    // A suspect stops the claim before it. Who runs one does so alone, and pulls again afterwards: a wake-up that was meant
    // for somebody idle must not go there.
    const isAlone = count === 1 && (queue.claimed.losses[0] as number) >= SUSPECT_AFTER
    const more = isAlone || (count > 0 && count < max && queue.hasReady(now, this.session))
    const due = queue.nextDue()
    subscription.demand.sleep(this.sleeper, more ? 0 : max - count, due)
    // Who leaves something hands the wake-up on: it was filled, or stopped, or had no room after all. And what is leased
    // now may come back before the others expect anything.
    if (count > 0 || max < 1) subscription.stir(1, now)
    if (count === 0 && due === Number.POSITIVE_INFINITY) return NOTHING
    const pulled: { deliveries: readonly Delivery[]; dueIn?: number; more?: boolean } = { deliveries }
    if (due !== Number.POSITIVE_INFINITY) pulled.dueIn = Math.max(0, due - now)
    if (more) pulled.more = true
    return Promise.resolve(pulled)
  }

  async mark(delivery: Delivery): Promise<void> {
    if (this.#over) throw closed('mark')
    if (!this.#init.subscription.queue.mark(delivery.token as number)) throw stale()
  }

  settle(settled: Settled): Promise<readonly SettleException[]> {
    if (this.#over) return Promise.reject(closed('settle'))
    const { subscription, clock } = this.#init
    const { acks, others } = settled
    const { queue } = subscription
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
    if (subscription.demand.asleep > 0) subscription.stir(acks.length + others.length, clock.monotonic())
    return exceptions === undefined ? SETTLED : Promise.resolve(exceptions)
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    if (this.#over) throw closed('renew')
    const { subscription, clock } = this.#init
    const now = clock.monotonic()
    const lost = batch.filter(delivery => !subscription.queue.renew(delivery.token as number, now))
    return lost.length === 0 ? NO_EXCEPTIONS : lost.map(delivery => delivery.token)
  }

  async close(): Promise<void> {
    if (this.#over) return
    this.#init.subscription.succession.leave(this)
    this.#leave()
  }

  /** Its connection is closed, and it was not: what it holds stays leased. */
  abandon(): void {
    this.#init.subscription.succession.abandon(this)
    this.#leave()
  }

  end(cause: unknown): void {
    this.#leave()
    this.#init.events.ended(cause)
  }

  replace(): void {
    if (this.#over) return
    this.#isReplaced = true
    this.#detach()
    this.#init.events.ended(replaced('source'))
  }

  #leave(): void {
    this.#over = true
    this.#detach()
    this.#init.over(this)
  }

  #detach(): void {
    const { subscription, clock } = this.#init
    subscription.detach(this, clock.monotonic())
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
