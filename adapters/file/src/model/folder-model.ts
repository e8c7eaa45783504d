import type { LogRecord } from '@pluribus/commit-log'
import type { SubscriptionName } from '@pluribus/core/driver'
import { subscriptionNotFound, topicNotFound, writtenByLaterVersion } from '../errors.js'
import { head } from '../format/message-head.js'
import { FORMAT, KIND } from '../format/record-kind.js'
import {
  type Death,
  type Declared,
  type DeclaredSubscription,
  read,
  type SettledRecord,
  type Taken,
} from '../format/records.js'
import { Lanes } from './lanes.js'
import { SubscriptionModel } from './subscription-model.js'
import { TopicModel } from './topic-model.js'
import { WantedRecords } from './wanted-records.js'

/** A subscription and its topic. */
export interface Found {
  readonly topic: TopicModel
  readonly subscription: SubscriptionModel
}

/**
 * All that a folder holds, as its log has it. A record is applied once it is on the device, and all of them are applied in
 * order, now as when the log is opened again: what is told of this is told again after any crash.
 */
export class FolderModel {
  readonly lanes = new Lanes()
  readonly wanted = new WantedRecords()
  /** Of the last record that was applied. */
  sequence = 0
  /** The latest time that a record tells, by the folder's clock. */
  clock = 0
  /** Numbers that were given to topics and subscriptions. Never used twice. */
  lastNumber = 0
  /** Milliseconds for which supplied ids are remembered. */
  readonly window: number
  readonly #topics = new Map<string, TopicModel>()
  readonly #byNumber = new Map<number, TopicModel>()
  readonly #subscriptions = new Map<number, Found>()

  constructor(window: number) {
    this.window = window
  }

  topics(): IterableIterator<TopicModel> {
    return this.#topics.values()
  }

  find(topic: string): TopicModel | undefined {
    return this.#topics.get(topic)
  }

  /** @throws PluribusError `NOT_FOUND`. */
  topic(name: string): TopicModel {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw topicNotFound(name)
    return topic
  }

  /** @throws PluribusError `NOT_FOUND`. */
  subscription(name: SubscriptionName): Found {
    const topic = this.topic(name.topic)
    const subscription = topic.subscriptions.get(name.name)
    if (subscription === undefined) throw subscriptionNotFound(name)
    return { topic, subscription }
  }

  topicNumbered(number: number): TopicModel | undefined {
    return this.#byNumber.get(number)
  }

  subscriptionNumbered(number: number): Found | undefined {
    return this.#subscriptions.get(number)
  }

  /** @throws PluribusError `UNSUPPORTED` where a later version has written it. */
  apply({ sequence, kind, body }: LogRecord): void {
    if (body[0] !== FORMAT) throw writtenByLaterVersion(body[0] ?? 0)
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    if (kind === KIND.MESSAGE) this.store(sequence, bytes)
    else if (kind === KIND.MOVED) this.move(sequence, bytes)
    else this.#applyOther(sequence, kind, bytes)
    this.sequence = sequence
  }

  /** A message was published. */
  store(sequence: number, bytes: Buffer): void {
    const topic = this.#byNumber.get(head.topic(bytes))
    if (topic === undefined) return
    const [clock, size] = [head.clock(bytes), head.size(bytes)]
    topic.store(sequence, bytes, clock, size)
    this.clock = Math.max(this.clock, clock)
    this.wanted.keep(sequence, size)
  }

  /** A message was copied forward. One that is not wanted any more is not wanted there either. */
  move(sequence: number, bytes: Buffer): void {
    const topic = this.#byNumber.get(head.topic(bytes))
    const position = head.position(bytes)
    const before = topic?.index.sequenceOf(position) ?? 0
    if (before === 0) return
    this.wanted.drop(before, head.size(bytes))
    topic?.index.move(position, sequence)
    this.wanted.keep(sequence, head.size(bytes))
  }

  declare({ topics, subscriptions }: Declared): void {
    for (const { number, spec } of topics) {
      this.lastNumber = Math.max(this.lastNumber, number)
      const known = this.#topics.get(spec.name)
      if (known !== undefined) known.spec = spec
      else this.addTopic(new TopicModel(number, spec, this.window))
    }
    for (const declared of subscriptions) this.#declareSubscription(declared)
  }

  addTopic(topic: TopicModel): void {
    this.#topics.set(topic.spec.name, topic)
    this.#byNumber.set(topic.number, topic)
  }

  addSubscription(topic: TopicModel, subscription: SubscriptionModel): void {
    topic.subscriptions.set(subscription.spec.name, subscription)
    this.#subscriptions.set(subscription.number, { topic, subscription })
  }

  /** A subscription is gone, with all that waits in it. */
  remove(number: number): void {
    const found = this.#subscriptions.get(number)
    if (found === undefined) return
    const { topic, subscription } = found
    this.#subscriptions.delete(number)
    topic.subscriptions.delete(subscription.spec.name)
    for (const position of subscription.pending) topic.done(position)
    for (const { sequence } of subscription.deaths.values()) this.wanted.drop(sequence, 0)
  }

  /** Handed out. What was due by then has its place. */
  take({ subscription: number, clock, instance, positions }: Taken): void {
    const found = this.#subscriptions.get(number)
    if (found === undefined) return
    const { topic, subscription } = found
    this.clock = Math.max(this.clock, clock)
    topic.pass(clock, topic.index.end)
    for (const position of positions) subscription.take(position, instance)
  }

  settle({ subscription: number, clock, acked, released, retried }: SettledRecord): void {
    this.clock = Math.max(this.clock, clock)
    const found = this.#subscriptions.get(number)
    if (found === undefined) return
    const { topic, subscription } = found
    for (const position of acked) if (subscription.done(position)) topic.done(position)
    for (const position of released) subscription.release(position)
    for (const { position, due, error } of retried) subscription.retry(position, due, error)
  }

  die(sequence: number, { subscription: number, position }: Pick<Death, 'subscription' | 'position'>): void {
    const subscription = this.#subscriptions.get(number)?.subscription
    const before = subscription?.deaths.get(position)
    if (subscription?.die(position, sequence) !== true) return
    if (before !== undefined) this.wanted.drop(before.sequence, 0)
    this.wanted.keep(sequence, 0)
  }

  mark(number: number, position: number): void {
    this.#subscriptions.get(number)?.subscription.mark(position)
  }

  /** Dead letters are put back, each behind the one before. */
  revive(number: number, clock: number, positions: readonly number[]): void {
    const found = this.#subscriptions.get(number)
    if (found === undefined) return
    const { topic, subscription } = found
    this.clock = Math.max(this.clock, clock)
    topic.pass(clock, topic.index.end)
    for (const position of positions) {
      const death = subscription.deaths.get(position)
      if (death === undefined) continue
      subscription.revive(position, topic.places.take(topic.index.end))
      this.wanted.drop(death.sequence, 0)
    }
  }

  discard(number: number, positions: readonly number[]): void {
    const found = this.#subscriptions.get(number)
    if (found === undefined) return
    const { topic, subscription } = found
    for (const position of positions) {
      const death = subscription.deaths.get(position)
      if (death === undefined) continue
      subscription.deaths.delete(position)
      this.wanted.drop(death.sequence, 0)
      if (subscription.done(position)) topic.done(position)
    }
  }

  /** Removes what stands before a position and is pending nowhere. Answers how much. */
  trim(number: number, before: number): number {
    const topic = this.#byNumber.get(number)
    if (topic === undefined) return 0
    let removed = 0
    for (const { from, to } of topic.pending.removable(before)) {
      removed += to - from
      for (let position = from; position < to; position++) {
        this.wanted.drop(topic.index.sequenceOf(position), topic.index.sizeOf(position))
        topic.delete(position)
      }
    }
    return removed
  }

  #applyOther(sequence: number, kind: number, body: Buffer): void {
    if (kind === KIND.SETTLED) return this.settle(read.settled(body))
    if (kind === KIND.DEAD) return this.die(sequence, read.dead(body))
    if (kind === KIND.DECLARED) return this.declare(read.declared(body))
    if (kind === KIND.REMOVED) return this.remove(read.removed(body))
    if (kind === KIND.TAKEN) return this.take(read.taken(body))
    if (kind === KIND.MARKED) {
      const { subscription, position } = read.marked(body)
      return this.mark(subscription, position)
    }
    if (kind === KIND.REVIVED) {
      const { subscription, clock, positions } = read.revived(body)
      return this.revive(subscription, clock, positions)
    }
    if (kind === KIND.DISCARDED) {
      const { subscription, positions } = read.discarded(body)
      return this.discard(subscription, positions)
    }
    if (kind === KIND.TRIMMED) {
      const { topic, before } = read.trimmed(body)
      return void this.trim(topic, before)
    }
    if (kind !== KIND.LANE) throw writtenByLaterVersion(FORMAT, kind)
    const { name, epoch, position } = read.lane(body)
    this.lanes.set(name, epoch, position)
  }

  #declareSubscription({ number, start, spec }: DeclaredSubscription): void {
    const topic = this.#topics.get(spec.topic)
    if (topic === undefined) return
    this.lastNumber = Math.max(this.lastNumber, number)
    const known = topic.subscriptions.get(spec.name)
    if (known !== undefined) {
      known.spec = spec
      return
    }
    const subscription = new SubscriptionModel(number, spec)
    this.addSubscription(topic, subscription)
    for (const position of topic.index.positions(start < 0 ? topic.index.end : start)) {
      topic.pending.add(position, 1)
      subscription.pending.add(position)
    }
  }
}
