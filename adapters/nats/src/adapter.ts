import type {
  Adapter,
  BrokerUrl,
  Capabilities,
  Classified,
  Connection,
  ConnectionEvents,
  Environment,
} from '@pluribus/core/driver'
import { capabilitiesOf } from './capabilities.js'
import { NatsConnection } from './connection.js'
import { classify } from './errors.js'
import { type NatsOptions, optionsOf, type ResolvedOptions, resolveOptions } from './options.js'
import { Succession } from './succession.js'

/**
 * A NATS server with JetStream as the broker, 2.9 or later.
 *
 * **Mapping.** A topic is a stream; a subscription is a durable pull consumer of it. Beside each topic stand two more streams: for what is
 * known of single messages (failed runs, losses, up to where a key is handled), and for dead letters, which outlive them.
 *
 * **Delivery.** At least once. Consumers of a subscription compete for single messages; those of one key run one after the other in
 * all processes. A retry keeps its place: a short one waits in the process, a longer one on the server.
 *
 * **Native features used.** Pull consumers with explicit acknowledgement, negative ones with a delay, signs of life, de-duplication
 * by id, compare-and-set by subject, direct reads.
 *
 * **Limits.** No lifo; priority within what a process has fetched. What is published survives the server's end, and not its machine's,
 * unless the server syncs before it acknowledges (from 2.10). A payload has up to 640 KiB where the server takes messages of 1 MiB.
 *
 * **Native access.** The streams and subjects, with any client: the README says how they are called.
 *
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal or unknown option.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { nats } from '@pluribus/nats'
 *
 * await using broker = await createBroker({ adapter: nats({ servers: 'localhost:4222', prefix: 'shop' }) })
 * ```
 */
export function nats(options: NatsOptions = {}): Adapter {
  return new NatsAdapter(resolveOptions(options))
}

/**
 * The adapter for a URL, such as `nats://user:password@one:4222,two:4222?prefix=shop&tls=true`. Core calls it for URLs.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` for what a URL cannot mean here.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 *
 * await using broker = await createBroker({ adapter: 'nats://localhost:4222' })
 * ```
 */
export function fromUrl(url: BrokerUrl): Adapter {
  return new NatsAdapter(optionsOf(url))
}

class NatsAdapter implements Adapter {
  readonly name: string
  readonly capabilities: Capabilities
  readonly #options: ResolvedOptions
  readonly #succession = new Succession()

  constructor(options: ResolvedOptions) {
    this.name = options.name
    this.capabilities = capabilitiesOf(options.window)
    this.#options = options
  }

  connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    return NatsConnection.open({ options: this.#options, environment }, this.#succession, events)
  }

  classify(error: unknown): Classified {
    return classify(error)
  }
}
