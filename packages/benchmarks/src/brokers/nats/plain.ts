import type { Consumer, ConsumerMessages, JetStreamClient } from '@nats-io/jetstream'
import { PEER_SCENARIOS } from '../../server/scenarios.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { CONSUMER, leftIn, type Opened, openStream, STREAM, SUBJECT } from './stream.ts'

/** `js.publish` and `consume()`, with the client's defaults: what its documentation shows, and so what most users write. */
class PlainQueue implements Queue {
  readonly #opened: Opened
  readonly #jetstream: JetStreamClient
  readonly #consumer: Consumer
  #handle: Handle | undefined
  #messages: ConsumerMessages | undefined
  #consuming: Promise<void> = Promise.resolve()

  constructor(opened: Opened, jetstream: JetStreamClient, consumer: Consumer) {
    this.#opened = opened
    this.#jetstream = jetstream
    this.#consumer = consumer
  }

  publish(item: Item): Promise<unknown> {
    return this.#jetstream.publish(SUBJECT, bufferOf(item.data))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    await this.resume()
  }

  async pause(): Promise<void> {
    await this.#messages?.close()
    await this.#consuming
  }

  async resume(): Promise<void> {
    this.#messages = await this.#consumer.consume()
    this.#consuming = this.#consume(this.#messages)
  }

  left(): Promise<number> {
    return leftIn(this.#opened.manager)
  }

  async close(): Promise<void> {
    await this.pause()
    await this.#opened.connection.close()
  }

  async #consume(messages: ConsumerMessages): Promise<void> {
    for await (const message of messages) {
      await this.#handle?.(message.data)
      message.ack()
    }
  }
}

export const plain: Subject = {
  name: 'plain-js',
  what: 'the client as its documentation shows it: js.publish awaited in windows, consume(), ack()',
  keeps: true,
  only: PEER_SCENARIOS,
  open: async ({ url }) => {
    const opened = await openStream(url)
    const { jetstream } = await import('@nats-io/jetstream')
    const client = jetstream(opened.connection)
    return new PlainQueue(opened, client, await client.consumers.get(STREAM, CONSUMER))
  },
}
