import type {
  DeadLetterQuery,
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
import { decode } from './codec.js'
import { DeadLetters } from './dead-letters.js'
import type { Link } from './link.js'
import { type Registry, specsOf } from './registry.js'
import { scan } from './scan.js'

/** Reads and changes what outlives a delivery. */
export class NatsPersistence implements Persistence {
  readonly #link: Link
  readonly #registry: Registry
  readonly #deadLetters: DeadLetters

  constructor(link: Link, registry: Registry) {
    this.#link = link
    this.#registry = registry
    this.#deadLetters = new DeadLetters(link)
  }

  async topics(): Promise<readonly TopicSpec[]> {
    this.#link.check('topics')
    return (await this.#registry.all()).map(({ topic }) => topic)
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    this.#link.check('subscriptions')
    return topic === undefined ? (await this.#registry.all()).flatMap(specsOf) : this.#registry.subscriptionsOf(topic)
  }

  async *history(topic: string, range: { readonly from: Start }): AsyncGenerator<StoredMessage, void, undefined> {
    this.#link.check('history')
    await this.#registry.topic(topic)
    const { names } = this.#link
    const from = await this.#registry.positionOf(topic, range.from)
    for await (const { isStored, headers, data, ...found } of scan(
      this.#link,
      names.stream(topic),
      names.subjects(topic),
      from,
    )) {
      if (isStored) yield decode(headers, data, { topic, ...found })
    }
  }

  async *deadLetters(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    await this.#find('deadLetters', query.subscription)
    yield* this.#deadLetters.list(query)
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    await this.#find('redrive', query.subscription)
    return this.#deadLetters.redrive(query)
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    await this.#find('discard', query.subscription)
    return this.#deadLetters.discard(query)
  }

  /** The server knows how many deliveries are out, and not why: held, put off, or fetched by a process that has not begun. */
  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    await this.#find('counts', subscription)
    const dead = await this.#deadLetters.count(subscription)
    return { waiting: undefined, leased: undefined, retrying: undefined, scheduled: undefined, dead }
  }

  async #find(what: string, subscription: SubscriptionName): Promise<void> {
    this.#link.check(what)
    await this.#registry.subscription(subscription)
  }
}
