import type {
  Capabilities,
  Connection,
  Environment,
  ServerInfo,
  SettingChange,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { Lifetime } from '@pluribus/core/driver'
import { Declaration } from './declaration.js'
import { closed } from './errors.js'
import { History } from './history.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import { RedisPersistence } from './persistence.js'
import { RedisPublisher } from './publisher.js'
import { Retention } from './retention.js'
import { RedisSubscriber } from './subscriber.js'

/** What a connection is made of. */
export interface ConnectionInit {
  readonly link: Link
  readonly keys: Keys
  readonly environment: Environment
  readonly server: ServerInfo
  readonly capabilities: Capabilities
}

/** One generation of the link to a server. */
export class RedisConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
  readonly publisher: RedisPublisher
  readonly subscriber: RedisSubscriber
  readonly persistence: RedisPersistence
  readonly #link: Link
  readonly #retention: Retention
  readonly #declaration: Declaration
  readonly #lifetime = new Lifetime(closed)

  constructor({ link, keys, environment, server, capabilities }: ConnectionInit) {
    this.#link = link
    this.server = server
    this.capabilities = capabilities
    const { deduplication } = capabilities
    this.#retention = new Retention(link, keys, environment)
    const memory = deduplication === 'none' ? 0 : deduplication.window
    this.publisher = new RedisPublisher({ link, keys, lifetime: this.#lifetime, retention: this.#retention, memory })
    this.subscriber = new RedisSubscriber(link, keys, environment, this.#lifetime)
    this.persistence = new RedisPersistence(link, keys, this.#lifetime, this.#retention)
    this.#declaration = new Declaration(link, keys, new History(link, keys))
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
    await this.#link.check()
    return this.#retention.sweepAll()
  }

  async close(): Promise<void> {
    this.#lifetime.end()
    this.subscriber.end()
    this.#link.close()
  }
}
