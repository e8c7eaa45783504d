import type { SettingChange, SubscriptionName, SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import { disciplineConflict, partitionsConflict, topicNotFound } from './errors.js'

/** A declaration as it is kept in the registry. */
export type Declaration =
  | {
      readonly kind: 'declare'
      readonly topics: readonly TopicSpec[]
      readonly subscriptions: readonly SubscriptionSpec[]
      /** Where those of these subscriptions that are new begin, by partition. */
      readonly starts: readonly (readonly number[])[]
    }
  | { readonly kind: 'remove'; readonly subscription: SubscriptionName }

/** A subscription with where it began. */
export interface Declared {
  readonly spec: SubscriptionSpec
  readonly starts: readonly number[]
}

/** What a later declaration may overwrite. `from` is not among them: it is decided once, at creation. */
const SETTINGS = ['discipline', 'retry', 'timeout', 'grace'] as const

const keyOf = ({ topic, name }: SubscriptionName): string => `${topic}/${name}`
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

/** Plain data with its members in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([name, member]) => [name, sorted(member)]),
  )
}

/**
 * Topics and subscriptions as all declarations of the registry have made them, in the order of the log. Everybody who reads
 * the same declarations comes to the same: of two that differ in what is fixed, the first wins, and the other has done nothing.
 */
export class Catalogue {
  readonly #topics = new Map<string, TopicSpec>()
  readonly #subscriptions = new Map<string, Declared>()

  get topics(): readonly TopicSpec[] {
    return [...this.#topics.values()]
  }

  topic(name: string): TopicSpec | undefined {
    return this.#topics.get(name)
  }

  subscriptions(topic?: string): readonly SubscriptionSpec[] {
    const specs = Array.from(this.#subscriptions.values(), ({ spec }) => spec)
    return topic === undefined ? specs : specs.filter(spec => spec.topic === topic)
  }

  subscription(name: SubscriptionName): Declared | undefined {
    return this.#subscriptions.get(keyOf(name))
  }

  /** Throws what is wrong with a declaration; answers whether it would change anything. */
  check(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): boolean {
    for (const spec of topics) this.#checkTopic(spec)
    for (const spec of subscriptions) this.#checkSubscription(spec, topics)
    return (
      topics.some(spec => !isSame(this.#topics.get(spec.name), spec)) ||
      subscriptions.some(spec => this.#changes(spec).length > 0 || !this.#subscriptions.has(keyOf(spec)))
    )
  }

  /** Takes over one declaration; throws, and takes over nothing, where it does not fit. Answers what it has overwritten. */
  apply(declaration: Declaration): readonly SettingChange[] {
    if (declaration.kind === 'remove') {
      this.#subscriptions.delete(keyOf(declaration.subscription))
      return []
    }
    const { topics, subscriptions, starts } = declaration
    this.check(topics, subscriptions)
    const changed = topics.flatMap(spec => this.#applyTopic(spec))
    return [...changed, ...subscriptions.flatMap((spec, at) => this.#applySubscription(spec, starts[at] ?? []))]
  }

  #checkTopic(spec: TopicSpec): void {
    const stored = this.#topics.get(spec.name)
    if (stored !== undefined && stored.partitions !== spec.partitions) {
      throw partitionsConflict(spec.name, stored.partitions, spec.partitions)
    }
  }

  #checkSubscription(spec: SubscriptionSpec, topics: readonly TopicSpec[]): void {
    if (!this.#topics.has(spec.topic) && !topics.some(({ name }) => name === spec.topic))
      throw topicNotFound(spec.topic)
    const stored = this.subscription(spec)?.spec
    if (stored === undefined) return
    if (stored.discipline.kind !== spec.discipline.kind || stored.discipline.levels !== spec.discipline.levels) {
      throw disciplineConflict(spec, describe(stored), describe(spec))
    }
  }

  #applyTopic(spec: TopicSpec): readonly SettingChange[] {
    const stored = this.#topics.get(spec.name)
    this.#topics.set(spec.name, spec)
    if (stored === undefined || isSame(stored.retention, spec.retention)) return []
    return [{ topic: spec.name, setting: 'retention', from: stored.retention, to: spec.retention }]
  }

  #applySubscription(spec: SubscriptionSpec, starts: readonly number[]): readonly SettingChange[] {
    const stored = this.subscription(spec)
    const changes = this.#changes(spec)
    const kept = stored === undefined ? { spec, starts } : { ...stored, spec: { ...spec, from: stored.spec.from } }
    this.#subscriptions.set(keyOf(spec), kept)
    return changes
  }

  #changes(spec: SubscriptionSpec): readonly SettingChange[] {
    const stored = this.subscription(spec)?.spec
    if (stored === undefined) return []
    const changed = SETTINGS.filter(setting => !isSame(stored[setting], spec[setting]))
    return changed.map(setting => {
      return { topic: spec.topic, subscription: spec.name, setting, from: stored[setting], to: spec[setting] }
    })
  }
}

const describe = ({ discipline: { kind, levels } }: SubscriptionSpec): string =>
  kind === 'priority' ? `priority with levels: ${levels}` : kind
