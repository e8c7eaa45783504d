import type { SubscriptionName } from '@pluribus/core/driver'
import { subscriptionNotFound } from '../errors.js'
import type { SubscriptionModel } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'
import type { Ledger } from './ledger.js'
import { LiveSubscription } from './live-subscription.js'
import { LiveTopic } from './live-topic.js'
import type { RecordReader } from './record-reader.js'
import type { Holders } from './restored.js'

/** A folder at work: the model, and beside it what only its leader knows. */
export class FolderState {
  readonly ledger: Ledger
  readonly reader: RecordReader
  readonly #topics = new Map<TopicModel, LiveTopic>()
  readonly #subscriptions = new Map<SubscriptionModel, LiveSubscription>()
  readonly #instances = new Map<string, number>()
  readonly #holders: Holders

  /** @param heldUntil When what was handed out is lost, unless whoever has it comes back before; undefined where it is lost already. */
  constructor(ledger: Ledger, reader: RecordReader, heldUntil: number | undefined) {
    this.ledger = ledger
    this.reader = reader
    this.#holders = { numberOf: instance => this.instance(instance), until: heldUntil }
    this.adopt()
  }

  find(topic: string): LiveTopic | undefined {
    const model = this.ledger.model.find(topic)
    return model && this.#topics.get(model)
  }

  /** @throws PluribusError `NOT_FOUND`. */
  subscription(name: SubscriptionName): LiveSubscription {
    const { subscription } = this.ledger.model.subscription(name)
    const live = this.#subscriptions.get(subscription)
    if (live === undefined) throw subscriptionNotFound(name)
    return live
  }

  subscriptions(): IterableIterator<LiveSubscription> {
    return this.#subscriptions.values()
  }

  /** Sets to work whatever the model has that is not at work yet. */
  adopt(): void {
    for (const topic of this.ledger.model.topics()) {
      const live = this.#topics.get(topic) ?? new LiveTopic(topic)
      this.#topics.set(topic, live)
      for (const model of topic.subscriptions.values()) {
        if (this.#subscriptions.has(model)) continue
        this.#subscriptions.set(model, new LiveSubscription(topic, model, this.#holders))
      }
      live.subscriptions = this.#of(topic)
    }
  }

  /** Stops what the model has no longer. */
  dismiss({ topic, model }: LiveSubscription): void {
    const live = this.#subscriptions.get(model)
    this.#subscriptions.delete(model)
    const of = this.#topics.get(topic)
    if (of !== undefined) of.subscriptions = this.#of(topic)
    live?.consumers.end(subscriptionNotFound(model.spec), this.ledger.clock.now())
  }

  /** A number for a broker object, the same across its connections: queues tell the losses of others from its own. */
  instance(name: string): number {
    const known = this.#instances.get(name)
    if (known !== undefined) return known
    const number = this.#instances.size
    this.#instances.set(name, number)
    return number
  }

  #of(topic: TopicModel): readonly LiveSubscription[] {
    return [...topic.subscriptions.values()].flatMap(model => this.#subscriptions.get(model) ?? [])
  }
}
