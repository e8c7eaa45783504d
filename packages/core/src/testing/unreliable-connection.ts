import type { Connection, ServerInfo } from '../driver/adapter.js'
import type { Capabilities } from '../driver/capabilities.js'
import type { Persistence } from '../driver/persistence.js'
import type { Publisher } from '../driver/publisher.js'
import type { SettingChange, SubscriptionSpec, TopicSpec } from '../driver/spec.js'
import type { OpenOptions, Source, SourceEvents, Subscriber } from '../driver/subscriber.js'
import type { Generation } from './generation.js'
import { SourceLine } from './source-line.js'
import { unreliablePersistence } from './unreliable-persistence.js'
import { UnreliablePublisher } from './unreliable-publisher.js'
import { UnreliableSource } from './unreliable-source.js'

/** A connection whose every call passes its generation. */
export class UnreliableConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly persistence: Persistence
  readonly maintain?: () => Promise<number>
  readonly #inner: Connection
  readonly #generation: Generation

  constructor(inner: Connection, generation: Generation, capabilities: Capabilities) {
    this.#inner = inner
    this.#generation = generation
    this.server = inner.server
    this.capabilities = capabilities
    this.publisher = new UnreliablePublisher(inner.publisher, generation, capabilities.sequenced)
    this.persistence = unreliablePersistence(inner.persistence, generation)
    this.subscriber = {
      open: (spec, options, events) =>
        generation.call('open', () => this.#open(spec, options, events), {
          answered: source => generation.sources.add(source),
        }),
      remove: subscription => generation.call('remove', () => inner.subscriber.remove(subscription)),
    }
    const maintain = inner.maintain?.bind(inner)
    if (maintain) this.maintain = () => generation.call('maintain', maintain)
  }

  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]> {
    return this.#generation.call('declare', () => this.#inner.declare(topics, subscriptions))
  }

  close(): Promise<void> {
    const close = () => this.#generation.close(this.#inner)
    return this.#generation.call('close', close, { afterCut: () => {} })
  }

  async #open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<UnreliableSource> {
    const line = new SourceLine(events, this.#generation)
    const source: Source = await this.#inner.subscriber.open(spec, options, line.innerEvents)
    return new UnreliableSource(source, this.#generation, line)
  }
}
