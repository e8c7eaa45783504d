import {
  redeclareSubscription,
  redeclareTopic,
  type SettingChange,
  type Start,
  type SubscriptionSpec,
  startNotFound,
  type TopicSpec,
} from '@pluribus/core/driver'
import type { Argument } from './call.js'
import { topicNotFound } from './errors.js'
import type { History } from './history.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import { mostBytes } from './retention.js'
import { DECLARE } from './scripts/declare.js'
import { readSubscription, readTopic } from './specs.js'

/** What is declared of one topic. */
interface Part {
  readonly topic: string
  readonly spec: TopicSpec | undefined
  readonly subscriptions: readonly SubscriptionSpec[]
}

/** What a script is to do for a part, and what that changes. */
interface Plan {
  readonly keys: readonly string[]
  readonly args: readonly Argument[]
  readonly changes: readonly SettingChange[]
}

/**
 * Declares: reads what is stored, compares, and stores what differs, one script for a topic, unless somebody else has declared
 * meanwhile; then all is compared again. All topics are compared before the first is changed.
 */
export class Declaration {
  readonly #link: Link
  readonly #keys: Keys
  readonly #history: History

  constructor(link: Link, keys: Keys, history: History) {
    this.#link = link
    this.#keys = keys
    this.#history = history
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    const names = new Set([...topics.map(({ name }) => name), ...subscriptions.map(({ topic }) => topic)])
    const parts = Array.from(names, topic => ({
      topic,
      spec: topics.findLast(({ name }) => name === topic),
      subscriptions: subscriptions.filter(spec => spec.topic === topic),
    }))
    const changes: SettingChange[] = []
    for (let isDone = false; !isDone; ) {
      const plans = await Promise.all(parts.map(part => this.#plan(part)))
      if (topics.length > 0) await this.#link.call('sadd', [this.#keys.topics, ...topics.map(({ name }) => name)])
      isDone = true
      for (const plan of plans) {
        const [status] = await this.#link.run(DECLARE, plan.keys, plan.args)
        if (String(status) === 'OK') changes.push(...plan.changes)
        else isDone = false
      }
    }
    return changes
  }

  async #plan({ topic, spec, subscriptions }: Part): Promise<Plan> {
    const stored = (await readTopic(this.#link, this.#keys, topic))?.spec
    if (stored === undefined && spec === undefined) throw topicNotFound(topic)
    const declared = spec === undefined ? undefined : redeclareTopic(stored, spec)
    const own = await Promise.all(subscriptions.map(each => this.#planOne(each, stored !== undefined)))
    return {
      keys: [...this.#keys.topic(topic).all, ...subscriptions.map(each => this.#keys.subscription(each).state)],
      args: [textOf(stored), textOf(declared?.spec), mostBytes(spec?.retention), ...own.flatMap(({ args }) => args)],
      changes: [...(declared?.changes ?? []), ...own.flatMap(({ changes }) => changes)],
    }
  }

  async #planOne(declared: SubscriptionSpec, isTopicThere: boolean): Promise<Omit<Plan, 'keys'>> {
    const stored = await readSubscription(this.#link, this.#keys, declared)
    const { spec, changes } = redeclareSubscription(stored, declared)
    const { name, discipline } = spec
    const start = stored === undefined ? await this.#startOf(declared, isTopicThere) : ''
    return { args: [name, textOf(stored), textOf(spec), discipline.kind, discipline.levels, start], changes }
  }

  /** Where a new subscription starts, as the script takes it. */
  async #startOf({ topic, from }: SubscriptionSpec, isTopicThere: boolean): Promise<string> {
    if (typeof from === 'string') return from
    if ('time' in from) return `time ${from.time}`
    const position = isTopicThere ? await this.#history.positionOf(topic, from.id) : 0
    if (position === 0) throw startNotFound(topic, from.id)
    return `position ${position}`
  }
}

/** As it is stored: what was read comes to the same text again. */
function textOf(spec: TopicSpec | SubscriptionSpec | undefined): string {
  if (spec === undefined) return ''
  if (!('topic' in spec)) {
    const { name, partitions, retention } = spec
    return JSON.stringify({ name, partitions, retention: { age: retention.age, bytes: retention.bytes } })
  }
  const { topic, name, discipline, from, retry, timeout, grace } = spec
  const { kind, levels, atLeast } = discipline
  const start: Start = typeof from === 'string' ? from : 'time' in from ? { time: from.time } : { id: from.id }
  const ladder = { attempts: retry.attempts, delays: retry.delays }
  return JSON.stringify({
    topic,
    name,
    discipline: { kind, levels, atLeast },
    from: start,
    retry: ladder,
    timeout,
    grace,
  })
}
