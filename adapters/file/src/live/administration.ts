import {
  type DeadLetterQuery,
  type RedriveResult,
  redeclareSubscription,
  redeclareTopic,
  type SettingChange,
  type Start,
  type SubscriptionName,
  type SubscriptionSpec,
  startNotFound,
  type TopicSpec,
} from '@pluribus/core/driver'
import { topicNotFound } from '../errors.js'
import { type DeclaredSubscription, type DeclaredTopic, write } from '../format/records.js'
import type { TopicModel } from '../model/topic-model.js'
import type { FolderState } from './folder-state.js'
import type { LiveSubscription } from './live-subscription.js'
import type { Looking } from './looking.js'

/** What a declaration comes to. */
interface Draft {
  readonly topics: Map<string, DeclaredTopic>
  readonly subscriptions: DeclaredSubscription[]
  readonly changes: SettingChange[]
}

/** Changes what there is: one call after the other, each by one record. */
export class Administration {
  readonly #state: FolderState
  readonly #looking: Looking

  constructor(state: FolderState, looking: Looking) {
    this.#state = state
    this.#looking = looking
  }

  /**
   * Creates what is missing, overwrites what differs, and answers what it overwrote: all of it, or nothing.
   *
   * @throws PluribusError `CONFLICT`, `NOT_FOUND`.
   */
  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const draft: Draft = { topics: new Map(), subscriptions: [], changes: [] }
      let number = ledger.model.lastNumber
      const next = () => ++number
      for (const spec of topics) this.#draftTopic(draft, spec, next)
      for (const spec of subscriptions) await this.#draftSubscription(draft, spec, next)
      const declared = { topics: [...draft.topics.values()], subscriptions: draft.subscriptions }
      if (declared.topics.length + declared.subscriptions.length === 0) return draft.changes
      await ledger.commit([write.declared(declared)], () => {
        ledger.model.declare(structuredClone(declared))
        this.#state.adopt()
      })
      return draft.changes
    })
  }

  /** Deletes a subscription with all that waits in it, and ends its sources. */
  remove(name: SubscriptionName): Promise<void> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      if (ledger.model.find(name.topic)?.subscriptions.has(name.name) !== true) return
      const live = this.#state.subscription(name)
      await ledger.commit([write.removed(live.model.number)], () => {
        ledger.model.remove(live.model.number)
        this.#state.dismiss(live)
      })
    })
  }

  /** Puts dead letters back, at the tail. */
  redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const live = this.#state.subscription(query.subscription)
      const { positions, missing } = await this.#select(live, query)
      if (positions.length === 0) return { redriven: 0, missing }
      const clock = ledger.clock.now()
      const subscription = live.model.number
      await ledger.commit([write.revived({ subscription, clock, positions })], () => {
        ledger.model.revive(subscription, clock, positions)
        for (const position of positions) live.queue.redrive(position, clock)
        live.consumers.stir(positions.length, clock)
      })
      return { redriven: positions.length, missing }
    })
  }

  /** Deletes dead letters for good. */
  discard(query: DeadLetterQuery): Promise<number> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const live = this.#state.subscription(query.subscription)
      const { positions } = await this.#select(live, query)
      if (positions.length === 0) return 0
      const subscription = live.model.number
      await ledger.commit([write.discarded({ subscription, positions })], () => {
        ledger.model.discard(subscription, positions)
        for (const position of positions) live.queue.discard(position)
      })
      return positions.length
    })
  }

  /** Deletes handled messages that were stored before a time. */
  trim(name: string, before: number): Promise<number> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const topic = ledger.model.topic(name)
      return this.trimTo(topic, topic.index.since(before))
    })
  }

  /** Deletes handled messages that stand before a position. To be called exclusively. */
  async trimTo(topic: TopicModel, before: number): Promise<number> {
    const { ledger } = this.#state
    if (!hasHandled(topic, before)) return 0
    return await ledger.commit([write.trimmed({ topic: topic.number, before })], () => {
      return ledger.model.trim(topic.number, before)
    })
  }

  #draftTopic({ topics, changes }: Draft, spec: TopicSpec, next: () => number): void {
    const known = this.#state.ledger.model.find(spec.name)
    const stored = topics.get(spec.name)?.spec ?? known?.spec
    const redeclared = redeclareTopic(stored, spec)
    if (stored !== undefined && redeclared.changes.length === 0) return
    const number = known?.number ?? topics.get(spec.name)?.number ?? next()
    topics.set(spec.name, { number, spec: redeclared.spec })
    changes.push(...redeclared.changes)
  }

  async #draftSubscription(draft: Draft, spec: SubscriptionSpec, next: () => number): Promise<void> {
    const topic = this.#state.ledger.model.find(spec.topic)
    if (topic === undefined && !draft.topics.has(spec.topic)) throw topicNotFound(spec.topic)
    const known = topic?.subscriptions.get(spec.name)
    const earlier = draft.subscriptions.find(other => other.spec.topic === spec.topic && other.spec.name === spec.name)
    const stored = earlier?.spec ?? known?.spec
    const redeclared = redeclareSubscription(stored, spec)
    if (stored !== undefined && redeclared.changes.length === 0) return
    const number = known?.number ?? earlier?.number ?? next()
    const start = earlier?.start ?? (known === undefined ? await this.#startOf(topic, spec) : 0)
    draft.subscriptions.push({ number, start, spec: redeclared.spec })
    draft.changes.push(...redeclared.changes)
  }

  async #startOf(topic: TopicModel | undefined, { topic: name, from }: SubscriptionSpec): Promise<number> {
    if (from === 'latest') return -1
    if (topic === undefined) return startOfNothing(name, from)
    return await this.#looking.positionOf(topic, from)
  }

  async #select(
    live: LiveSubscription,
    { ids, limit = Number.POSITIVE_INFINITY }: DeadLetterQuery,
  ): Promise<{ readonly positions: readonly number[]; readonly missing: readonly string[] }> {
    const dead = [...live.queue.dead()].filter(position => live.model.deaths.has(position))
    if (ids === undefined) return { positions: dead.slice(0, limit), missing: [] }
    const missing = new Set(ids)
    const positions: number[] = []
    for await (const { position, id } of this.#looking.idsOf(live.topic, dead)) {
      if (!ids.includes(id)) continue
      missing.delete(id)
      positions.push(position)
    }
    return { positions: positions.slice(0, limit), missing: [...missing] }
  }
}

function startOfNothing(topic: string, from: Start): number {
  if (typeof from === 'object' && 'id' in from) throw startNotFound(topic, from.id)
  return 1
}

function hasHandled({ index, pending }: TopicModel, before: number): boolean {
  for (const position of index.positions()) {
    if (position >= before) return false
    if (pending.count(position) === 0) return true
  }
  return false
}
