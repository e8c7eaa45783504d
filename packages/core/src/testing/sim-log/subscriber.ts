import type { Environment } from '../../driver/environment.js'
import type { SubscriptionName, SubscriptionSpec } from '../../driver/spec.js'
import type { OpenOptions, Source, SourceEvents, Subscriber } from '../../driver/subscriber.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { Registry } from './registry.js'
import { LogSource } from './source.js'

/** Opens sources, and ends them with their connection. */
export class LogSubscriber implements Subscriber {
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #registry: Registry
  readonly #environment: Environment
  readonly #sources = new Set<LogSource>()

  constructor(server: SimLogServer, link: SimLink, registry: Registry, environment: Environment) {
    this.#server = server
    this.#link = link
    this.#registry = registry
    this.#environment = environment
  }

  async open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source> {
    const { starts } = await this.#registry.furnished(spec)
    const source = new LogSource({
      server: this.#server,
      link: this.#link,
      environment: this.#environment,
      spec,
      starts,
      options,
      events,
      over: ended => this.#sources.delete(ended),
    })
    this.#sources.add(source)
    try {
      await source.open()
    } catch (error) {
      source.stop()
      throw error
    }
    return source
  }

  async remove(subscription: SubscriptionName): Promise<void> {
    await this.#registry.remove(subscription)
  }

  /** The connection is over. What is held is for the next generations of these consumers, or until the sessions end. */
  stop(): void {
    for (const source of [...this.#sources]) source.stop()
  }
}
