import type {
  Capabilities,
  Connection,
  ConnectionEvents,
  ServerInfo,
  SettingChange,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { capabilitiesOf, capabilitiesOn } from './capabilities.js'
import { Delays } from './delays.js'
import { Link, type LinkParts } from './link.js'
import { Names } from './names.js'
import type { ResolvedOptions } from './options.js'
import { NatsPersistence } from './persistence.js'
import { NatsPublisher } from './publisher.js'
import { Registry } from './registry.js'
import { Streams } from './streams.js'
import { NatsSubscriber } from './subscriber.js'
import type { Succession } from './succession.js'

/** One generation of the link to a server. */
export class NatsConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
  readonly publisher: NatsPublisher
  readonly subscriber: NatsSubscriber
  readonly persistence: NatsPersistence
  readonly #link: Link
  readonly #registry: Registry
  readonly #delays: Delays

  private constructor(link: Link, { endpoint, window }: ResolvedOptions, succession: Succession) {
    const { version = '', max_payload = 0 } = link.nats.info ?? {}
    const streams = new Streams(link, window)
    this.#link = link
    this.#registry = new Registry(link, streams)
    this.#delays = new Delays(link)
    this.server = { product: 'nats', version, endpoint }
    this.capabilities = capabilitiesOn(capabilitiesOf(window), max_payload)
    this.publisher = new NatsPublisher(link, this.#registry, this.#delays)
    const parts = { link, registry: this.#registry, streams, delays: this.#delays, succession }
    this.subscriber = new NatsSubscriber(parts)
    this.persistence = new NatsPersistence(link, this.#registry)
  }

  static async open(parts: LinkParts, succession: Succession, events: ConnectionEvents): Promise<NatsConnection> {
    let connection: NatsConnection | undefined
    const link = await Link.open(new Names(parts.options.prefix), parts, cause => {
      connection?.stop()
      events.lost(cause)
    })
    connection = new NatsConnection(link, parts.options, succession)
    return connection
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    this.#link.check('declare')
    return this.#registry.declare(topics, subscriptions)
  }

  async close(): Promise<void> {
    this.stop()
    await this.#link.close()
  }

  /** The link is broken, or about to be closed. */
  stop(): void {
    this.subscriber.stop()
    this.#delays.stop()
  }
}
