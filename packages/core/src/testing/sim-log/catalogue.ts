import { type Redeclared, redeclareSubscription, redeclareTopic } from '../../driver/redeclare.js'
import type { SettingChange, SubscriptionName, SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import { topicNotFound } from './errors.js'

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

const keyOf = ({ topic, name }: SubscriptionName): string => `${topic}/${name}`

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
    const declared = [
      ...topics.map(spec => this.#redeclareTopic(spec)),
      ...subscriptions.map(spec => this.#redeclareSubscription(spec, topics)),
    ]
    return declared.some(again => again === undefined || again.changes.length > 0)
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

  #applyTopic(declared: TopicSpec): readonly SettingChange[] {
    const { spec, changes } = this.#redeclareTopic(declared) ?? { spec: declared, changes: [] }
    this.#topics.set(spec.name, spec)
    return changes
  }

  #applySubscription(declared: SubscriptionSpec, begins: readonly number[]): readonly SettingChange[] {
    const { spec, changes } = this.#redeclareSubscription(declared) ?? { spec: declared, changes: [] }
    const { starts } = this.subscription(declared) ?? { starts: begins }
    this.#subscriptions.set(keyOf(declared), { spec, starts })
    return changes
  }

  /** Undefined where it is new. */
  #redeclareTopic(spec: TopicSpec): Redeclared<TopicSpec> | undefined {
    const stored = this.#topics.get(spec.name)
    return stored && redeclareTopic(stored, spec)
  }

  /** Undefined where it is new. `topics`: those that are declared together with it. */
  #redeclareSubscription(
    spec: SubscriptionSpec,
    topics: readonly TopicSpec[] = [],
  ): Redeclared<SubscriptionSpec> | undefined {
    const { topic } = spec
    if (!this.#topics.has(topic) && !topics.some(({ name }) => name === topic)) throw topicNotFound(topic)
    const stored = this.subscription(spec)
    return stored && redeclareSubscription(stored.spec, spec)
  }
}
