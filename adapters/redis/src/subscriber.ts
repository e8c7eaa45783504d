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
import { replaced } from '@pluribus/core/driver'
import { subscriptionNotFound } from './errors.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import { REMOVE } from './scripts/remove.js'
import { OPEN } from './scripts/session.js'
import { RedisSource } from './source.js'

/** Opens sources, and ends them with their connection. */
export class RedisSubscriber implements Subscriber {
  readonly #link: Link
  readonly #keys: Keys
  readonly #environment: Environment
  readonly #lifetime: Lifetime
  readonly #sources = new Set<RedisSource>()

  constructor(link: Link, keys: Keys, environment: Environment, lifetime: Lifetime) {
    this.#link = link
    this.#keys = keys
    this.#environment = environment
    this.#lifetime = lifetime
  }

  async open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source> {
    this.#lifetime.check('open')
    const { topic, name } = spec
    const { lease, consumer } = options
    const { instance } = this.#environment
    const keys = this.#keys.subscription(spec)
    const channel = this.#keys.channel(topic)
    const holder = consumer === undefined ? '' : `${instance}/${consumer.id}`
    const args = [holder, consumer?.generation ?? 0, lease, instance]
    const [status, session, transferred] = await this.#link.run(OPEN, keys.all, args)
    if (String(status) === 'GONE') throw subscriptionNotFound(spec)
    if (String(status) === 'STALE') throw replaced('open')
    const handing = this.#keys.handing(spec, String(session))
    const source = new RedisSource({
      link: this.#link,
      environment: this.#environment,
      subscription: { topic, name },
      keys,
      session: String(session),
      holder,
      transferred: transferred as number,
      lease,
      events,
      over: ended => {
        this.#sources.delete(ended)
        this.#link.unlisten(channel, ended.wake)
        this.#link.unlisten(handing, ended.receive)
      },
    })
    this.#sources.add(source)
    // Before the first pull: what comes after that must not be missed.
    await Promise.all([this.#link.listen(channel, source.wake), this.#link.listen(handing, source.receive)])
    return source
  }

  async remove(subscription: SubscriptionName): Promise<void> {
    this.#lifetime.check('remove')
    await this.#link.run(REMOVE, this.#keys.subscription(subscription).all, [subscription.name])
  }

  /** The connection is over: who wanted to give something back has closed its source. */
  end(): void {
    for (const source of [...this.#sources]) source.abandon()
  }
}
