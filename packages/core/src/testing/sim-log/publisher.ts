import { partitionOf } from '../../driver/log/partition-of.js'
import type { OutgoingMessage } from '../../driver/message.js'
import type { PublishException, Publisher } from '../../driver/publisher.js'
import { NO_EXCEPTIONS } from '../../driver/subscriber.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { SimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import { closed, topicNotFound } from './errors.js'
import type { Registry } from './registry.js'

/** Appends to the main channels of topics. */
export class LogPublisher implements Publisher {
  /** A second batch could arrive although the first was lost. */
  readonly window = 1
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #registry: Registry

  constructor(server: SimLogServer, link: SimLink, registry: Registry) {
    this.#server = server
    this.#link = link
    this.#registry = registry
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    if (this.#link.isOver) throw closed('publish')
    const exceptions: PublishException[] = []
    const appends: { readonly topic: string; readonly index: number; readonly record: SimRecord }[] = []
    for (const [index, message] of batch.entries()) {
      const partitions = await this.#partitionsOf(message.topic)
      if (partitions === undefined) {
        exceptions.push({ index, kind: 'failed', outcome: 'definite', error: topicNotFound(message.topic) })
        continue
      }
      const { topic, key, id } = message
      appends.push({ topic, index: partitionOf(key ?? id, partitions), record: encode(message) })
    }
    await this.#link.call('append', () => {
      for (const { topic, index, record } of appends) this.#server.append(topic, index, [record])
    })
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  async #partitionsOf(topic: string): Promise<number | undefined> {
    const { catalogue } = this.#registry
    return (catalogue.topic(topic) ?? (await this.#registry.refresh()).topic(topic))?.partitions
  }
}
