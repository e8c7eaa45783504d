import type {
  Lifetime,
  OpenOptions,
  Source,
  SourceEvents,
  Subscriber,
  SubscriptionName,
  SubscriptionSpec,
} from '@pluribus/core/driver'
import type { Farewell } from './farewell.js'
import type { FolderEvents, FolderLink } from './folder.js'
import { FileSource } from './source.js'

/** Opens sources, and tells each what the folder says of it. */
export class FileSubscriber implements Subscriber, Pick<FolderEvents, 'wake' | 'ended'> {
  readonly #link: FolderLink
  readonly #lifetime: Lifetime
  readonly #farewell: Farewell
  readonly #events = new Map<number, SourceEvents>()

  constructor(link: FolderLink, lifetime: Lifetime, farewell: Farewell) {
    this.#link = link
    this.#lifetime = lifetime
    this.#farewell = farewell
  }

  async open({ topic, name }: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source> {
    this.#lifetime.check('open')
    const { lease, consumer } = options
    const { source, transferred } = await this.#link.open({ topic, name }, { lease, consumer })
    this.#events.set(source, events)
    return new FileSource({
      ...{ link: this.#link, lifetime: this.#lifetime, farewell: this.#farewell, source, topic, transferred },
      over: () => void this.#events.delete(source),
    })
  }

  async remove({ topic, name }: SubscriptionName): Promise<void> {
    this.#lifetime.check('remove')
    await this.#link.removeSubscription({ topic, name })
  }

  wake(source: number): void {
    this.#events.get(source)?.wake()
  }

  ended(source: number, cause: unknown): void {
    const events = this.#events.get(source)
    this.#events.delete(source)
    events?.ended(cause)
  }

  /** The connection is over: nothing more is told. */
  end(): void {
    this.#events.clear()
  }
}
