import { partitionOf } from '../../driver/log/partition-of.js'
import type { OutgoingMessage } from '../../driver/message.js'
import type { PublishException, Publisher } from '../../driver/publisher.js'
import { NO_EXCEPTIONS } from '../../driver/subscriber.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { SimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import type { DelayForwarder } from './delay-forwarder.js'
import { delayed } from './delayed-record.js'
import { topicNotFound } from './errors.js'
import { DELAY } from './names.js'
import type { Registry } from './registry.js'

/** Where a message is appended. */
interface Append {
  readonly channel: string
  readonly index: number
  readonly record: SimRecord
}

/** Appends to the main channels of topics; what is delayed, to its first bucket. */
export class LogPublisher implements Publisher {
  /** A second batch could arrive although the first was lost. */
  readonly window = 1
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #registry: Registry
  readonly #delays: DelayForwarder

  constructor(server: SimLogServer, link: SimLink, registry: Registry, delays: DelayForwarder) {
    this.#server = server
    this.#link = link
    this.#registry = registry
    this.#delays = delays
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    const { over } = this.#link
    if (over !== undefined)
      return batch.map((_, index) => ({ index, kind: 'failed', outcome: 'definite', error: over }))
    const exceptions: PublishException[] = []
    const appends: Append[] = []
    if (batch.some(({ delay }) => delay > 0)) await this.#delays.start()
    for (const [index, message] of batch.entries()) {
      const partitions = await this.#partitionsOf(message.topic)
      if (partitions === undefined) {
        exceptions.push({ index, kind: 'failed', outcome: 'definite', error: topicNotFound(message.topic) })
        continue
      }
      appends.push(appendOf(message, partitions))
    }
    await this.#link.call('append', () => {
      for (const { channel, index, record } of appends) this.#server.append(channel, index, [record])
    })
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  async #partitionsOf(topic: string): Promise<number | undefined> {
    const { catalogue } = this.#registry
    return (catalogue.topic(topic) ?? (await this.#registry.refresh()).topic(topic))?.partitions
  }
}

function appendOf(message: OutgoingMessage, partitions: number): Append {
  const { topic, key, id, delay } = message
  if (delay === 0) return { channel: topic, index: partitionOf(key ?? id, partitions), record: encode(message) }
  const { bucket, record } = delayed(message, delay)
  return { channel: DELAY, index: bucket, record }
}
