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
import { CAPABILITIES } from './capabilities.js'
import { declare } from './declaration.js'
import { closed } from './errors.js'
import { MemoryPersistence } from './persistence.js'
import { MemoryPublisher } from './publisher.js'
import type { MemoryStore } from './store.js'
import { MemorySubscriber } from './subscriber.js'

/** One generation of the link to a store. It cannot break, so it lives until it is closed. */
export class MemoryConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities = CAPABILITIES
  readonly publisher: MemoryPublisher
  readonly subscriber: MemorySubscriber
  readonly persistence: MemoryPersistence
  readonly #store: MemoryStore
  readonly #environment: Environment
  readonly #lifetime = new Lifetime(closed)

  constructor(store: MemoryStore, endpoint: string, environment: Environment) {
    this.#store = store
    this.#environment = environment
    // What holds the data is this process: its version is that of its runtime.
    this.server = { product: 'memory', version: process.versions.node, endpoint }
    this.publisher = new MemoryPublisher(store, environment.clock, this.#lifetime)
    this.subscriber = new MemorySubscriber(store, environment, this.#lifetime)
    this.persistence = new MemoryPersistence(store, environment, this.#lifetime)
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    this.#lifetime.check('declare')
    return declare(this.#store, topics, subscriptions, this.#environment.clock.monotonic())
  }

  async maintain(): Promise<number> {
    this.#lifetime.check('maintain')
    const { clock } = this.#environment
    return this.#store.maintain(clock.monotonic(), clock.now())
  }

  async close(): Promise<void> {
    this.#lifetime.end()
    this.subscriber.end()
  }
}
