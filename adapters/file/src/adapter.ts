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
import { openConnection } from './connection.js'
import { classify } from './errors.js'
import { type FileOptions, optionsOf, type Resolved, resolveOptions } from './options.js'

/**
 * A broker in a folder: no server, and on disk before a publish resolves.
 *
 * **Mapping.** A folder is one log (`@pluribus/commit-log`). A topic is an index of its messages in that log; a subscription is a
 * queue of their positions (`@pluribus/queue`), and everything that happens to it is a record of the log.
 *
 * **Delivery.** At least once, by leases. Every discipline, key, delay and token is exact.
 *
 * **Native features used.** `fdatasync`, once for all that is stored at the same time.
 *
 * **Limits.** The processes that use a folder are of one machine and one user; one of them leads it, the others go through that one. A payload has up to 16 MiB, headers up to 64 KiB.
 *
 * **Native access.** The folder, with `verifyLog` and `dumpLog` of `@pluribus/commit-log`.
 *
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal or unknown option.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { file } from '@pluribus/file'
 *
 * await using broker = await createBroker({ adapter: file({ dir: '.pluribus' }) })
 * ```
 */
export function file(options: FileOptions): Adapter {
  return new FileAdapter(resolveOptions(options))
}

/**
 * The adapter for a URL, such as `file:./data` or `file:/var/lib/shop?deduplicationWindow=1h`. Core calls it for URLs.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` for what a URL cannot mean here.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 *
 * await using broker = await createBroker({ adapter: 'file:./data' })
 * ```
 */
export function fromUrl(url: BrokerUrl): Adapter {
  return new FileAdapter(optionsOf(url))
}

class FileAdapter implements Adapter {
  readonly name: string
  readonly capabilities: Capabilities
  readonly #options: Resolved

  constructor(options: Resolved) {
    this.name = options.name
    this.capabilities = capabilitiesOf(options.window)
    this.#options = options
  }

  connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    return openConnection(this.#options, environment, events)
  }

  classify(error: unknown): Classified {
    return classify(error)
  }
}
