import type { SubscriptionName } from '@pluribus/core/driver'

/** What a topic has, in the order in which scripts are given it: their names for it are made of this list. */
export const OF_TOPIC = ['topic', 'log', 'times', 'scheduled', 'ids', 'kept'] as const
/** What a subscription has, likewise, behind what its topic has. */
export const OF_SUBSCRIPTION = [
  ...['state', 'ready', 'leases', 'retrying', 'holders', 'parked'],
  ...['troubles', 'errors', 'dead', 'deaths', 'sessions', 'reserved', 'claims'],
] as const

/** Those of a topic, by name. */
export type TopicKeys = Readonly<Record<(typeof OF_TOPIC)[number], string>> & {
  /** All of them, as scripts are given them. */
  readonly all: readonly string[]
}

/** Those of a subscription, by name; `all` has those of its topic before them. */
export type SubscriptionKeys = Readonly<Record<(typeof OF_SUBSCRIPTION)[number], string>> & {
  readonly all: readonly string[]
  /** Without those of its topic. */
  readonly own: readonly string[]
  readonly ofTopic: TopicKeys
}

/**
 * The names of keys. All of a topic, its subscriptions included, have one hash tag, `{prefix:topic}`, so that they are in
 * one slot of a cluster, and every script is about one topic.
 */
export class Keys {
  readonly #prefix: string
  readonly #topics = new Map<string, TopicKeys>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The set of all topics. */
  get topics(): string {
    return `${this.#prefix}:topics`
  }

  /** How far each forwarder's lane has got. */
  get lanes(): string {
    return `${this.#prefix}:lanes`
  }

  topic(name: string): TopicKeys {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const names = OF_TOPIC.map(part => `${this.#tag(name)}:${part}`)
    const keys = { ...named(OF_TOPIC, names), all: names }
    this.#topics.set(name, keys)
    return keys
  }

  subscription({ topic, name }: SubscriptionName): SubscriptionKeys {
    const ofTopic = this.topic(topic)
    const own = OF_SUBSCRIPTION.map(part => `${this.#tag(topic)}:sub:${name}:${part}`)
    return { ...named(OF_SUBSCRIPTION, own), all: [...ofTopic.all, ...own], own, ofTopic }
  }

  /** On which a session hears what it is handed over: the name that scripts make as well. */
  handing({ topic, name }: SubscriptionName, session: string): string {
    return `${this.#tag(topic)}:sub:${name}:to:${session}`
  }

  /** On which sources hear that there is something for them. */
  channel(topic: string): string {
    return this.topic(topic).topic
  }

  #tag(topic: string): string {
    return `{${this.#prefix}:${topic}}`
  }
}

const named = <Name extends string>(parts: readonly Name[], names: readonly string[]): Record<Name, string> =>
  Object.fromEntries(parts.map((part, index) => [part, names[index]])) as Record<Name, string>
