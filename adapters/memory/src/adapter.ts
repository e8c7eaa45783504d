import type { Adapter, BrokerUrl, Capabilities, Classified, Connection, Environment } from '@pluribus/core/driver'
import { CAPABILITIES } from './capabilities.js'
import { MemoryConnection } from './connection.js'
import { classify } from './errors.js'
import { type MemoryOptions, resolveOptions, storeOf } from './options.js'
import type { MemoryStore } from './store.js'

/**
 * A broker in this process's memory: for tests, for a start without any infrastructure, and as the reference that every
 * other adapter is measured against.
 *
 * **Mapping.** A topic is an append-only log of message objects; a subscription is a queue of positions in that log, with
 * one delivery record for each message that it has not handled (`@pluribus/queue`).
 *
 * **Delivery.** At least once, by leases: what is pulled and neither settled nor renewed within its lease is delivered
 * again. Every discipline, key, delay and token is exact.
 *
 * **Native features used.** None: everything runs in the turn of the event loop in which it is asked for, so every
 * operation is atomic.
 *
 * **Limits.** Nothing outlives the process. A payload has up to 16 MiB, headers up to 64 KiB, a subscription up to four
 * million leases at once.
 *
 * **Native access.** The store: `memory({ store: memoryStore() })`.
 *
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal or unknown option.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { memory } from '@pluribus/memory'
 *
 * await using broker = await createBroker({ adapter: memory() })
 * ```
 */
export function memory(options: MemoryOptions = {}): Adapter {
  const { name, store } = resolveOptions(options)
  return new MemoryAdapter(name, store, 'memory:')
}

/**
 * The adapter for a URL: `memory:` has a store of its own, `memory:shop` shares the store called `shop` with every other
 * broker of the process. Core calls it for URLs.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` for any option: there are none.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 *
 * await using broker = await createBroker({ adapter: 'memory:shop' })
 * ```
 */
export function fromUrl(url: BrokerUrl): Adapter {
  return new MemoryAdapter('memory', storeOf(url), `memory:${url.path}`)
}

class MemoryAdapter implements Adapter {
  readonly name: string
  readonly capabilities: Capabilities = CAPABILITIES
  readonly #store: MemoryStore
  readonly #endpoint: string

  constructor(name: string, store: MemoryStore, endpoint: string) {
    this.name = name
    this.#store = store
    this.#endpoint = endpoint
  }

  /** Cannot fail, and the connection cannot be lost: `ConnectionEvents` has nobody who would call it. */
  async connect(environment: Environment): Promise<Connection> {
    return new MemoryConnection(this.#store, this.#endpoint, environment)
  }

  classify(error: unknown): Classified {
    return classify(error)
  }
}
