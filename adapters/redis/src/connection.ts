import type {
  Capabilities,
  Connection,
  ConnectionEvents,
  Environment,
  ServerInfo,
  SettingChange,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { Lifetime } from '@pluribus/core/driver'
import { capabilitiesOf, capabilitiesOn } from './capabilities.js'
import { Declaration } from './declaration.js'
import { checkDurability, readFacts, type ServerFacts } from './durability.js'
import { closed } from './errors.js'
import { History } from './history.js'
import { Keys } from './keys.js'
import { Link } from './link.js'
import type { Resolved } from './options.js'
import { RedisPersistence } from './persistence.js'
import { RedisPublisher } from './publisher.js'
import { Retention } from './retention.js'
import { RedisSubscriber } from './subscriber.js'

/** What has become of a link while it was opened, and since. */
interface Generation {
  connection?: RedisConnection
  broken?: { readonly cause: unknown }
}

/** One generation of the link to a server. */
export class RedisConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
  /** What to change on the server for a better durability; empty where there is none. */
  readonly advice: string
  readonly publisher: RedisPublisher
  readonly subscriber: RedisSubscriber
  readonly persistence: RedisPersistence
  readonly #link: Link
  readonly #retention: Retention
  readonly #declaration: Declaration
  readonly #lifetime = new Lifetime(closed)

  private constructor(
    link: Link,
    { prefix, endpoint, window }: Resolved,
    facts: ServerFacts,
    environment: Environment,
  ) {
    const keys = new Keys(prefix)
    this.#link = link
    this.server = { product: 'redis', version: facts.version, endpoint }
    this.capabilities = capabilitiesOn(capabilitiesOf(window), facts)
    this.advice = facts.advice
    this.#retention = new Retention(link, keys, environment)
    this.publisher = new RedisPublisher({ link, keys, lifetime: this.#lifetime, retention: this.#retention, window })
    this.subscriber = new RedisSubscriber(link, keys, environment, this.#lifetime)
    this.persistence = new RedisPersistence(link, keys, this.#lifetime, this.#retention)
    this.#declaration = new Declaration(link, keys, new History(link, keys))
  }

  /**
   * One attempt. What breaks later ends the connection before anybody is told.
   *
   * @throws PluribusError `UNSUPPORTED` where the server gives less durability than is asked for.
   */
  static async open(options: Resolved, environment: Environment, events: ConnectionEvents): Promise<RedisConnection> {
    const generation: Generation = {}
    const link = await Link.open(options.client(), cause => {
      generation.broken = { cause }
      if (generation.connection === undefined) return
      generation.connection.end()
      events.lost(cause)
    })
    try {
      const facts = await readFacts(link)
      checkDurability(facts, options.durability)
      if (generation.broken !== undefined) throw generation.broken.cause
      generation.connection = new RedisConnection(link, options, facts, environment)
      return generation.connection
    } catch (error) {
      link.close()
      throw error
    }
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    this.#lifetime.check('declare')
    return this.#declaration.declare(topics, subscriptions)
  }

  async maintain(): Promise<number> {
    this.#lifetime.check('maintain')
    await this.#link.ping()
    return this.#retention.sweepAll()
  }

  async close(): Promise<void> {
    this.end()
    this.#link.close()
  }

  /** Nothing more is done, and nothing of its sources is told. */
  end(): void {
    this.#lifetime.end()
    this.subscriber.end()
  }
}
