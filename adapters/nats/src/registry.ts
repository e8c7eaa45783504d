import { DeliverPolicy } from '@nats-io/jetstream'
import type { SettingChange, Start, SubscriptionName, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import { NO_EXCEPTIONS, startNotFound } from '@pluribus/core/driver'
import { bareHeaders, decode } from './codec.js'
import { type Declaration, type Declared, declaredOf, redeclare, without } from './declaration.js'
import {
  contended,
  isNotFound,
  isUnanswered,
  subscriptionNotFound,
  topicNotFound,
  WRONG_LAST_SEQUENCE,
} from './errors.js'
import type { Link } from './link.js'
import { scan } from './scan.js'
import type { Streams } from './streams.js'

/** A record as it was read, and what has to be there when it is written again. */
interface Stored {
  readonly declaration: Declaration | undefined
  readonly revision: number
}

/** How often a declaration is tried where others declare the same topic. */
const TRIES = 20

/**
 * What is declared: a record for each topic, written by compare-and-set. Whoever writes a record makes what it needs; whoever
 * needs it makes it again, because the other one may have died in between.
 */
export class Registry {
  readonly #link: Link
  readonly #streams: Streams
  /** Topics that are known to be there: they are never removed. */
  readonly #topics = new Map<string, TopicSpec>()

  constructor(link: Link, streams: Streams) {
    this.#link = link
    this.#streams = streams
  }

  /** Topics that this connection has met. */
  known(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** What was there may be gone: it is looked for again. */
  forget(): void {
    this.#topics.clear()
    this.#streams.forget()
  }

  async topic(name: string): Promise<TopicSpec> {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const { declaration } = await this.#read(name)
    if (declaration === undefined) throw topicNotFound(name)
    await this.#streams.topic(declaration.topic)
    this.#topics.set(name, declaration.topic)
    return declaration.topic
  }

  /** The subscription as it is now: unlike topics, they come and go. */
  async subscription(name: SubscriptionName): Promise<Declared> {
    const { declaration } = await this.#read(name.topic)
    const declared = declaredOf(declaration, name.name)
    if (declaration === undefined || declared === undefined) throw subscriptionNotFound(name)
    await this.#streams.topic(declaration.topic)
    this.#topics.set(name.topic, declaration.topic)
    return declared
  }

  async all(): Promise<readonly Declaration[]> {
    const { manager, names } = this.#link
    await this.#streams.registry()
    const { state } = await manager.streams.info(names.registry, { subjects_filter: names.declarations })
    const records = await Promise.all(Object.keys(state.subjects ?? {}).map(subject => this.#readAt(subject)))
    return records.flatMap(({ declaration }) => declaration ?? [])
  }

  async subscriptionsOf(topic: string): Promise<readonly SubscriptionSpec[]> {
    const { declaration } = await this.#read(topic)
    if (declaration === undefined) throw topicNotFound(topic)
    return specsOf(declaration)
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    const names = [...new Set([...topics.map(({ name }) => name), ...subscriptions.map(({ topic }) => topic)])]
    await this.#streams.registry()
    const changes: SettingChange[] = []
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await Promise.all(names.map(name => this.#read(name)))
      // Everything is checked before anything is changed.
      const wanted = await Promise.all(
        stored.map((one, at) => this.#redeclared(one, names[at] as string, topics, subscriptions)),
      )
      let isBeaten = false
      for (const [at, { declaration, changes: own, isChanged }] of wanted.entries()) {
        const isWritten = !isChanged || (await this.#write(declaration, (stored[at] as Stored).revision))
        if (isWritten) changes.push(...own)
        isBeaten ||= !isWritten
      }
      if (isBeaten) continue
      await Promise.all(wanted.map(({ declaration }) => this.#furnish(declaration)))
      return changes.length === 0 ? NO_EXCEPTIONS : changes
    }
    throw contended(names.join(', '))
  }

  /** Answers whether it was there. */
  async remove(subscription: SubscriptionName): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { declaration, revision } = await this.#read(subscription.topic)
      if (declaration === undefined || declaredOf(declaration, subscription.name) === undefined) return false
      if (await this.#write(without(declaration, subscription), revision)) return true
    }
    throw contended(subscription.topic)
  }

  /** The position where a start lies now. */
  async positionOf(topic: string, start: Start): Promise<number> {
    const { manager, names } = this.#link
    if (start === 'earliest') return 1
    if (start === 'latest') return (await manager.streams.info(names.stream(topic))).state.last_seq + 1
    if ('time' in start) return this.#positionAt(topic, start.time)
    for await (const found of scan(this.#link, names.stream(topic), names.subjects(topic), 1)) {
      if (found.isStored && decode(found.headers, found.data, { topic, ...found }).id === start.id)
        return found.position
    }
    throw startNotFound(topic, start.id)
  }

  /** A consumer that starts at a time says what lies before its first message. */
  async #positionAt(topic: string, time: number): Promise<number> {
    const { manager, names } = this.#link
    const stream = names.stream(topic)
    const { name, delivered } = await manager.consumers.add(stream, {
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(time).toISOString(),
      ack_policy: 'none' as never,
      inactive_threshold: 5_000_000_000,
    })
    await manager.consumers.delete(stream, name)
    return delivered.stream_seq + 1
  }

  async #redeclared(
    { declaration }: Stored,
    name: string,
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ) {
    const topic = topics.findLast(spec => spec.name === name)
    const own = subscriptions.filter(spec => spec.topic === name)
    // What conflicts is told before anything is looked for, or made.
    const { isChanged } = redeclare(declaration, topic, own, new Map())
    const starts = new Map<string, number>()
    if (isChanged) {
      for (const spec of own) {
        if (declaredOf(declaration, spec.name) === undefined) {
          starts.set(spec.name, await this.#startOf(spec, declaration?.topic))
        }
      }
    }
    return redeclare(declaration, topic, own, starts)
  }

  /** A topic that is declared together with its subscription holds nothing yet. */
  async #startOf({ topic, from }: SubscriptionSpec, stored: TopicSpec | undefined): Promise<number> {
    if (stored !== undefined) await this.#streams.topic(stored)
    else if (typeof from === 'object' && 'id' in from) throw startNotFound(topic, from.id)
    return stored === undefined ? 1 : this.positionOf(topic, from)
  }

  async #furnish({ topic }: Declaration): Promise<void> {
    await this.#streams.topic(topic)
    this.#topics.set(topic.name, topic)
  }

  #read(topic: string): Promise<Stored> {
    return this.#readAt(this.#link.names.declaration(topic))
  }

  async #readAt(subject: string): Promise<Stored> {
    const { manager, names } = this.#link
    try {
      const found = await manager.direct.getMessage(names.registry, { last_by_subj: subject })
      if (found === null) return { declaration: undefined, revision: 0 }
      return { declaration: JSON.parse(Buffer.from(found.data).toString()), revision: found.seq }
    } catch (error) {
      // Nobody has declared anything yet, and there is no registry.
      if (isUnanswered(error) || isNotFound(error)) return { declaration: undefined, revision: 0 }
      throw error
    }
  }

  /** False where somebody else has written it since it was read. */
  async #write(declaration: Declaration, revision: number): Promise<boolean> {
    const { appender, names } = this.#link
    const headers = bareHeaders({ after: revision })
    const subject = names.declaration(declaration.topic.name)
    const { unstored } = await appender.append([{ subject, headers, payload: JSON.stringify(declaration) }])
    const error = unstored[0]?.error
    if (error !== undefined && error.code !== WRONG_LAST_SEQUENCE) throw error
    return error === undefined
  }
}

/** The subscriptions of a declaration. */
export const specsOf = ({ subscriptions }: Declaration): readonly SubscriptionSpec[] =>
  subscriptions.map(({ spec }) => spec)
