import type { SubscriptionName } from '@pluribus/core/driver'

/** What a topic has, in the order in which scripts are given it. */
const OF_TOPIC = ['topic', 'log', 'times', 'scheduled', 'ids', 'kept'] as const
/** What a subscription has, likewise, behind what its topic has. */
const OF_SUBSCRIPTION = [
  ...['state', 'ready', 'leases', 'retrying', 'holders', 'parked'],
  ...['troubles', 'errors', 'dead', 'deaths', 'sessions', 'reserved', 'claims'],
] as const

/**
 * The names of keys. All of a topic, its subscriptions included, have one hash tag, `{prefix:topic}`, so that they are in
 * one slot of a cluster, and every script is about one topic.
 */
export class Keys {
  readonly #prefix: string
  readonly #topics = new Map<string, readonly string[]>()

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

  topic(name: string): readonly string[] {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const keys = OF_TOPIC.map(part => `${this.#tag(name)}:${part}`)
    this.#topics.set(name, keys)
    return keys
  }

  /** Those of the topic, and those of the subscription. */
  subscription({ topic, name }: SubscriptionName): readonly string[] {
    const own = OF_SUBSCRIPTION.map(part => `${this.#tag(topic)}:sub:${name}:${part}`)
    return [...this.topic(topic), ...own]
  }

  /** Where a subscription's settings and its cursor are. */
  state({ topic, name }: SubscriptionName): string {
    return `${this.#tag(topic)}:sub:${name}:state`
  }

  /** On which a session hears what it is handed over: the name that scripts make as well. */
  handing(subscription: SubscriptionName, session: string): string {
    return `${this.state(subscription).slice(0, -'state'.length)}to:${session}`
  }

  /** On which sources hear that there is something for them. */
  channel(topic: string): string {
    return this.topic(topic)[0] as string
  }

  #tag(topic: string): string {
    return `{${this.#prefix}:${topic}}`
  }
}
