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
import { RedisConnection } from './connection.js'
import { classify } from './errors.js'
import { optionsOf, type RedisOptions, type Resolved, resolveOptions } from './options.js'

/**
 * Redis 7.0 or later, by [ioredis](https://www.npmjs.com/package/ioredis).
 *
 * **Mapping.** A topic is a hash of entries by position, and their order; a subscription is a cursor in that order, with
 * sorted sets and hashes for what has left it and is not handled.
 *
 * **Delivery.** At least once, by leases of the server's clock. Every discipline, key, delay and token is exact: each step is
 * one script.
 *
 * **Native features used.** Lua scripts, hashes, sorted sets, pub/sub for wake-ups.
 *
 * **Limits.** Durability is what the server's settings give: `disk` with `appendfsync always`. A payload has up to 16 MiB, headers up
 * to 64 KiB.
 *
 * **Native access.** The keys, under `{prefix:topic}`.
 *
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal or unknown option, `INVALID_CONFIGURATION` for a URL that cannot be
 * meant.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { redis } from '@pluribus/redis'
 *
 * const adapter = redis({ url: 'redis://localhost:6379', durability: 'disk' })
 * const open = () => createBroker({ adapter })
 * ```
 */
export function redis(options: RedisOptions = {}): Adapter {
  return new RedisAdapter(resolveOptions(options))
}

/**
 * The adapter for a URL: `redis://` or `rediss://`. Core calls it.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` for what a URL cannot mean here.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 *
 * const open = () => createBroker({ adapter: 'redis://localhost:6379/0?prefix=shop&durability=disk' })
 * ```
 */
export function fromUrl(url: BrokerUrl): Adapter {
  return new RedisAdapter(optionsOf(url))
}

class RedisAdapter implements Adapter {
  readonly name: string
  readonly capabilities: Capabilities
  readonly #options: Resolved
  #hasWarned = false

  constructor(options: Resolved) {
    this.name = options.name
    this.capabilities = capabilitiesOf(options.window)
    this.#options = options
  }

  async connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    const connection = await RedisConnection.open(this.#options, environment, events)
    if (this.#options.durability === undefined) this.#warn(environment, connection)
    return connection
  }

  classify(error: unknown): Classified {
    return classify(error)
  }

  #warn({ logger }: Environment, { capabilities: { durability }, advice }: RedisConnection): void {
    if (advice === '' || this.#hasWarned) return
    this.#hasWarned = true
    logger.warn({ adapter: this.name, durability }, `What Redis has stored may be lost when it ends. ${advice}`)
  }
}
