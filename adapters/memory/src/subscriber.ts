import type {
  Environment,
  Lifetime,
  OpenOptions,
  Source,
  SourceEvents,
  Subscriber,
  SubscriptionName,
  SubscriptionSpec,
} from '@pluribus/core/driver'
import { MemorySource } from './source.js'
import type { MemoryStore } from './store.js'

/** Opens sources on the subscriptions of the store, and ends them with their connection. */
export class MemorySubscriber implements Subscriber {
  readonly #store: MemoryStore
  readonly #environment: Environment
  readonly #lifetime: Lifetime
  readonly #sources = new Set<MemorySource>()

  constructor(store: MemoryStore, environment: Environment, lifetime: Lifetime) {
    this.#store = store
    this.#environment = environment
    this.#lifetime = lifetime
  }

  async open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source> {
    this.#lifetime.check('open')
    const topic = this.#store.topic(spec.topic)
    const { lease, consumer } = options
    const source = new MemorySource({
      subscription: topic.subscription(spec.name),
      log: topic.log,
      clock: this.#environment.clock,
      instance: this.#store.instance(this.#environment.instance),
      consumer,
      lease,
      events,
      over: ended => this.#sources.delete(ended),
    })
    this.#sources.add(source)
    return source
  }

  async remove({ topic, name }: SubscriptionName): Promise<void> {
    this.#lifetime.check('remove')
    this.#store.find(topic)?.unsubscribe(name, this.#environment.clock.monotonic())
  }

  /** The connection is over: who wanted to give something back has closed its source. */
  end(): void {
    for (const source of [...this.#sources]) source.abandon()
  }
}
