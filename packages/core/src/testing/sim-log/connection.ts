import type { Connection, ConnectionEvents, ServerInfo } from '../../driver/adapter.js'
import type { Capabilities } from '../../driver/capabilities.js'
import type { Environment } from '../../driver/environment.js'
import type { SettingChange, SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import { capabilitiesOf } from './capabilities.js'
import { DelayForwarder } from './delay-forwarder.js'
import { LogPersistence } from './persistence.js'
import { LogPublisher } from './publisher.js'
import { Registry } from './registry.js'
import { LogSubscriber } from './subscriber.js'

/** One generation of the link to a simulated log broker. */
export class LogConnection implements Connection {
  readonly server: ServerInfo = { product: 'sim-log', version: '1.0.0', endpoint: 'sim-log:' }
  readonly capabilities: Capabilities
  readonly publisher: LogPublisher
  readonly subscriber: LogSubscriber
  readonly persistence: LogPersistence
  readonly #link: SimLink
  readonly #registry: Registry
  readonly #delays: DelayForwarder

  private constructor(server: SimLogServer, link: SimLink, environment: Environment) {
    this.capabilities = capabilitiesOf(server.noteBytes)
    this.#link = link
    this.#registry = new Registry(server, link)
    this.#delays = new DelayForwarder(server, link, environment)
    this.publisher = new LogPublisher(server, link, this.#registry, this.#delays)
    this.subscriber = new LogSubscriber(server, link, this.#registry, environment)
    this.persistence = new LogPersistence(server, link, this.#registry)
  }

  static async open(server: SimLogServer, environment: Environment, events: ConnectionEvents): Promise<LogConnection> {
    let connection: LogConnection | undefined
    const link = await server.connect(environment, cause => {
      connection?.stop()
      events.lost(cause)
    })
    connection = new LogConnection(server, link, environment)
    return connection
  }

  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]> {
    return this.#registry.declare(topics, subscriptions)
  }

  /** Forwards delayed messages, as soon as there are any. */
  maintain(): Promise<number> {
    return this.#delays.look()
  }

  /** The link is broken. */
  stop(): void {
    this.subscriber.stop()
    this.#delays.stop()
  }

  async close(): Promise<void> {
    try {
      this.subscriber.stop()
      await this.#delays.close()
    } finally {
      this.#link.close()
    }
  }
}
