import type {
  DeadLetterQuery,
  Environment,
  Lifetime,
  Persistence,
  RedriveResult,
  Start,
  StoredDeadLetter,
  StoredMessage,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import type { MessageLog } from './message-log.js'
import type { MemoryStore } from './store.js'
import type { Death, MemorySubscription } from './subscription.js'

/** What a query for dead letters has found. */
interface Selection {
  readonly log: MessageLog
  readonly subscription: MemorySubscription
  /** In the order in which they died. */
  readonly positions: readonly number[]
  readonly missing: readonly string[]
}

/** Reads and changes what outlives a delivery. */
export class MemoryPersistence implements Persistence {
  readonly #store: MemoryStore
  readonly #environment: Environment
  readonly #lifetime: Lifetime

  constructor(store: MemoryStore, environment: Environment, lifetime: Lifetime) {
    this.#store = store
    this.#environment = environment
    this.#lifetime = lifetime
  }

  async topics(): Promise<readonly TopicSpec[]> {
    this.#lifetime.check('topics')
    return Array.from(this.#store.topics.values(), topic => topic.spec)
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    this.#lifetime.check('subscriptions')
    const topics = topic === undefined ? [...this.#store.topics.values()] : [this.#store.topic(topic)]
    return topics.flatMap(found => found.subscriptions().map(({ spec }) => spec))
  }

  async *history(topic: string, range: { readonly from: Start }): AsyncGenerator<StoredMessage, void, undefined> {
    this.#lifetime.check('history')
    const found = this.#store.topic(topic)
    const { log } = found
    for (let at = log.next(found.positionOf(range.from)); at < log.end; at = log.next(at + 1)) {
      yield log.get(at) as StoredMessage
      this.#lifetime.check('history')
    }
  }

  async find(topic: string, id: string): Promise<StoredMessage | undefined> {
    this.#lifetime.check('find')
    const { log } = this.#store.topic(topic)
    return log.get(log.positionOf(id))
  }

  async trim(topic: string, before: number): Promise<number> {
    this.#lifetime.check('trim')
    return this.#store.topic(topic).retention.trim(before)
  }

  async *deadLetters(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    this.#lifetime.check('deadLetters')
    const { log, subscription, positions } = this.#select(query)
    const name: SubscriptionName = { topic: subscription.spec.topic, name: subscription.spec.name }
    for (const position of positions) {
      const death = subscription.deaths.get(position)
      // Redriven or discarded since the iteration began.
      if (death === undefined) continue
      yield deadLetter(log.get(position) as StoredMessage, name, death)
      this.#lifetime.check('deadLetters')
    }
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    this.#lifetime.check('redrive')
    const { subscription, positions, missing } = this.#select(query)
    const now = this.#environment.clock.monotonic()
    for (const position of positions) subscription.redrive(position, now)
    subscription.consumers.stir(positions.length, now)
    return { redriven: positions.length, missing }
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    this.#lifetime.check('discard')
    const { subscription, positions } = this.#select(query)
    for (const position of positions) subscription.discard(position)
    return positions.length
  }

  async counts({ topic, name }: SubscriptionName): Promise<SubscriptionCounts> {
    this.#lifetime.check('counts')
    const { queue } = this.#store.topic(topic).subscription(name)
    // Where nobody consumes, nobody has noticed what is due.
    queue.notice(this.#environment.clock.monotonic())
    return queue.counts()
  }

  #select({ subscription: { topic, name }, ids, limit }: DeadLetterQuery): Selection {
    const { log, subscription } = this.#find(topic, name)
    const all = [...subscription.queue.dead()]
    if (ids === undefined) return { log, subscription, positions: all.slice(0, limit), missing: [] }
    const missing = new Set(ids)
    const wanted = new Set(ids)
    const positions = all.filter(position => {
      const id = (log.get(position) as StoredMessage).id
      missing.delete(id)
      return wanted.has(id)
    })
    return { log, subscription, positions: positions.slice(0, limit), missing: [...missing] }
  }

  #find(topic: string, name: string): { log: MessageLog; subscription: MemorySubscription } {
    const found = this.#store.topic(topic)
    return { log: found.log, subscription: found.subscription(name) }
  }
}

const deadLetter = (message: StoredMessage, subscription: SubscriptionName, death: Death): StoredDeadLetter => {
  return { message, subscription, ...death }
}
