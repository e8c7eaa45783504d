import type { ServiceBroker } from 'moleculer'
import type { Handle, Item, Queue } from '../subject.ts'
import { reading, type Text, textOf } from './text.ts'

const CHANNEL = 'orders.placed'
const GROUP = 'bench'
/** It fetches as many as may be in flight: more than run at once elsewhere, because it fetches nothing ahead. */
const IN_FLIGHT = 256

/** What its middleware adds to a broker. */
interface Channels {
  sendToChannel(channel: string, payload: Text): Promise<unknown>
}

/** moleculer-channels on any of its adapters, without what else moleculer does: no transporter, logs or metrics. */
export interface MoleculerOptions {
  readonly type: 'Redis' | 'NATS'
  /** Of the adapter. */
  readonly options: object
  /** What waits or is not settled. */
  readonly account: { left(): Promise<number>; close(): unknown }
}

class Moleculer implements Queue {
  readonly #publisher: ServiceBroker & Channels
  readonly #options: MoleculerOptions
  #handle: Handle = () => {}
  #consumer: ServiceBroker | undefined

  constructor(publisher: ServiceBroker & Channels, options: MoleculerOptions) {
    this.#publisher = publisher
    this.#options = options
  }

  publish(item: Item): Promise<unknown> {
    return this.#publisher.sendToChannel(CHANNEL, textOf(item))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    await this.resume()
  }

  /** It has no pause: another broker of the same group takes over. */
  async pause(): Promise<void> {
    await this.#consumer?.stop()
  }

  async resume(): Promise<void> {
    const run = reading(this.#handle)
    const handler = async (payload: Text) => run(payload)
    const channel = { group: GROUP, maxInFlight: IN_FLIGHT, maxRetries: 5, handler }
    this.#consumer = await brokerWith(this.#options)
    this.#consumer.createService({ name: GROUP, channels: { [CHANNEL]: channel } })
    await this.#consumer.start()
  }

  left(): Promise<number> {
    return this.#options.account.left()
  }

  async close(): Promise<void> {
    await this.#consumer?.stop()
    await this.#publisher.stop()
    await this.#options.account.close()
  }
}

/** A queue whose group exists: it comes with its first consumer, which is sent away again. */
export async function openMoleculer(options: MoleculerOptions): Promise<Queue> {
  const publisher = await brokerWith(options)
  await publisher.start()
  const queue = new Moleculer(publisher, options)
  await queue.resume()
  await queue.pause()
  return queue
}

async function brokerWith({ type, options }: MoleculerOptions): Promise<ServiceBroker & Channels> {
  const { ServiceBroker } = await import('moleculer')
  const { Middleware } = await import('@moleculer/channels')
  // Its types ask for all options that have defaults, of all adapters, and are not those of moleculer's middlewares.
  const channels = Middleware({ adapter: { type, options } } as never) as never
  return new ServiceBroker({ logger: false, metrics: false, middlewares: [channels] }) as ServiceBroker & Channels
}
