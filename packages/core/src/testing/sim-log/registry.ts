import { startNotFound } from '../../driver/contract-errors.js'
import type { SettingChange, Start, SubscriptionName, SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import { EMPTY_HEADERS } from '../../model/headers.js'
import type { SimChannelSpec } from '../sim-log-server/sim-channel.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import { Catalogue, type Declaration, type Declared } from './catalogue.js'
import { subscriptionNotFound, topicNotFound } from './errors.js'
import { deadChannel, groupOf, ownChannel, REGISTRY } from './names.js'
import { readAll } from './read-all.js'

/**
 * The registry log: a broker without compare-and-set decides by the order of a log. To declare is to append, to read up to one's own
 * record, and to see whether it has taken effect.
 */
export class Registry {
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #catalogue = new Catalogue()
  #next = 0
  /** Whoever reads, or appends and reads, does so alone: each record is taken over once, one's own by whoever appended it. */
  #busy: Promise<unknown> = Promise.resolve()

  constructor(server: SimLogServer, link: SimLink) {
    this.#server = server
    this.#link = link
  }

  /** As of the last {@link refresh}. */
  get catalogue(): Catalogue {
    return this.#catalogue
  }

  /** Reads what others have declared. */
  async refresh(): Promise<Catalogue> {
    await this.#alone(() => this.#readOn())
    return this.#catalogue
  }

  /** The topic, declared here or by others. */
  async topic(name: string): Promise<TopicSpec> {
    const spec = this.#catalogue.topic(name) ?? (await this.refresh()).topic(name)
    if (spec === undefined) throw topicNotFound(name)
    return spec
  }

  /** The subscription as it is now: unlike topics, they come and go. */
  async subscription(name: SubscriptionName): Promise<Declared> {
    const declared = (await this.refresh()).subscription(name)
    if (declared === undefined) throw subscriptionNotFound(name)
    return declared
  }

  /** The subscription with everything that it needs: whoever declared it may not have got that far. */
  async furnished(name: SubscriptionName): Promise<Declared> {
    const declared = await this.subscription(name)
    await this.#furnish([], [declared.spec])
    return declared
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    const catalogue = await this.refresh()
    let changes: readonly SettingChange[] = []
    if (catalogue.check(topics, subscriptions)) {
      const starts = await Promise.all(subscriptions.map(spec => this.#startsOf(spec)))
      changes = await this.#append({ kind: 'declare', topics, subscriptions, starts })
    }
    await this.#furnish(topics, subscriptions)
    return changes
  }

  /** Creates their channels. Whoever declared them first may have died before. */
  async #furnish(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<void> {
    const all = [...topics, ...subscriptions.map(({ topic }) => this.#catalogue.topic(topic) as TopicSpec)]
    const specs = [...all.map(mainOf), ...subscriptions.flatMap(spec => this.#channelsOf(spec))]
    await this.#link.call('create', () => this.#server.create(specs))
  }

  async remove(subscription: SubscriptionName): Promise<void> {
    const catalogue = await this.refresh()
    if (catalogue.subscription(subscription) === undefined) return
    await this.#append({ kind: 'remove', subscription })
    await this.#link.call('delete', () => {
      this.#server.deleteGroup(groupOf(subscription))
      this.#server.delete([ownChannel(subscription), deadChannel(subscription)])
    })
  }

  /** Positions where a start lies now, by partition. */
  async positionsOf(topic: string, start: Start): Promise<readonly number[]> {
    const { server, link } = { server: this.#server, link: this.#link }
    if (start === 'earliest') return link.call('ends', () => server.ends(topic).map(({ begin }) => begin))
    if (start === 'latest') return link.call('ends', () => server.ends(topic).map(({ end }) => end))
    if ('time' in start) return link.call('positionsAt', () => server.positionsAt(topic, start.time))
    throw startNotFound(topic, start.id)
  }

  async #startsOf(spec: SubscriptionSpec): Promise<readonly number[]> {
    if (this.#catalogue.subscription(spec) !== undefined) return []
    const topic = this.#catalogue.topic(spec.topic)
    // A topic that is declared together with it holds nothing yet.
    if (topic === undefined) return []
    // Whoever has declared it may not have got further yet, or never will.
    await this.#link.call('create', () => this.#server.create([mainOf(topic)]))
    return this.positionsOf(spec.topic, spec.from)
  }

  async #append(declaration: Declaration): Promise<readonly SettingChange[]> {
    const record = { body: JSON.stringify(declaration), headers: EMPTY_HEADERS }
    const outcome = await this.#alone(async () => {
      const position = await this.#link.call('append', () => {
        this.#server.create([{ name: REGISTRY, partitions: 1 }])
        return this.#server.append(REGISTRY, 0, [record])
      })
      return this.#readOn(position)
    })
    if (outcome === undefined) throw new Error('The registry does not hold the declaration that it has confirmed.')
    if ('error' in outcome) throw outcome.error
    return outcome.changes
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#busy.then(work)
    this.#busy = working.catch(() => {})
    return working
  }

  /** Reads to the end; answers what became of the declaration at `own`. */
  async #readOn(own?: number): Promise<Outcome | undefined> {
    let outcome: Outcome | undefined
    await this.#link.call('create', () => this.#server.create([{ name: REGISTRY, partitions: 1 }]))
    for await (const record of readAll(this.#server, this.#link, REGISTRY, 0, this.#next)) {
      const applied = this.#apply(JSON.parse(String(record.body)))
      if (record.position === own) outcome = applied
      this.#next = record.position + 1
    }
    return outcome
  }

  #apply(declaration: Declaration): Outcome {
    try {
      return { changes: this.#catalogue.apply(declaration) }
    } catch (error) {
      return { error }
    }
  }

  #channelsOf(spec: SubscriptionSpec): readonly SimChannelSpec[] {
    const { partitions } = this.#catalogue.topic(spec.topic) as TopicSpec
    return [
      { name: ownChannel(spec), partitions },
      { name: deadChannel(spec), partitions: 1 },
    ]
  }
}

type Outcome = { readonly changes: readonly SettingChange[] } | { readonly error: unknown }

const mainOf = ({ name, partitions, retention }: TopicSpec): SimChannelSpec => ({ name, partitions, ...retention })
