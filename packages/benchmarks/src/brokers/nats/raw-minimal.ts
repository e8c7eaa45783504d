import { Coalescer } from '../../server/coalescer.ts'
import { RAW_SCENARIOS } from '../../server/scenarios.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { type Outgoing, PubAcks } from './pub-acks.ts'
import { Pulls } from './pulls.ts'
import { leftIn, type Opened, openStream, SUBJECT } from './stream.ts'

/** How a message is dressed before it is sent. */
export type Dress = (item: Item) => Outgoing

/** A stream, acknowledgements on one inbox, pulls by hand, `+ACK` as it comes. */
export class JetStreamQueue implements Queue {
  readonly #opened: Opened
  readonly #acks: PubAcks
  readonly #dress: Dress
  readonly #inbox: string
  readonly #outbox = new Coalescer<Item>(items => this.publishAll(items))
  #pulls: Pulls | undefined

  constructor(opened: Opened, inbox: string, dress: Dress) {
    this.#opened = opened
    this.#inbox = inbox
    this.#acks = new PubAcks(opened.connection, SUBJECT, `${inbox}.acks`)
    this.#dress = dress
  }

  publish(item: Item): Promise<unknown> {
    return this.#outbox.add(item)
  }

  publishAll(items: readonly Item[]): Promise<void> {
    return this.#acks.publish(items.map(this.#dress))
  }

  async consume(handle: Handle): Promise<void> {
    this.#pulls = new Pulls(this.#opened.connection, handle, `${this.#inbox}.pulls`)
    await this.#opened.connection.flush()
  }

  pause(): void {
    this.#pulls?.pause()
  }

  resume(): void {
    this.#pulls?.resume()
  }

  left(): Promise<number> {
    return leftIn(this.#opened.manager)
  }

  async close(): Promise<void> {
    this.#acks.close()
    await this.#opened.connection.close()
  }
}

export async function openQueue(url: string, dress: Dress): Promise<Queue> {
  const opened = await openStream(url)
  const { createInbox } = await import('@nats-io/transport-node')
  return new JetStreamQueue(opened, createInbox(), dress)
}

export const rawMinimal: Subject = {
  name: 'raw-minimal',
  what: 'the client and a stream: one inbox for all acknowledgements, two pulls of 256 always open, +ACK not waited for',
  keeps: true,
  only: RAW_SCENARIOS,
  open: ({ url }) => openQueue(url, ({ data }) => ({ data: bufferOf(data) })),
}
