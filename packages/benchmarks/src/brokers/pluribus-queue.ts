import {
  type Broker,
  bytes,
  type ConsumerHandle,
  createBroker,
  fifo,
  type HandleMiddleware,
  priority,
  type Subscription,
  type Topic,
  topic,
} from '@pluribus/core'
import type { Data, Handle, Item, Queue, Setup } from '../subject.ts'

const pass: HandleMiddleware = (_message, _context, next) => next()

/** Ours as an application uses it, the adapter chosen by the URL: no option that is there to win. Nothing but the concurrency is set. */
export async function open(setup: Setup): Promise<Queue> {
  const middleware = { handle: Array.from({ length: setup.middlewares }, () => pass) }
  const broker = await createBroker({ adapter: setup.url, middleware })
  // Without a subscription everything counts as handled, of which memory keeps 64 MiB; here it stands for what waits, all of it.
  const kept = setup.subscriptions === 0 ? Number.MAX_SAFE_INTEGER : setup.retained
  const retention = { age: '7d', ...(kept !== undefined && { bytes: kept }) }
  const orders = (
    setup.format === 'json'
      ? topic('orders.placed', { retention })
      : topic('orders.placed', { retention, codec: bytes })
  ) as Topic<Data>
  const discipline = setup.discipline === 'priority' ? priority({ levels: 10 }) : fifo()
  const subscriptions = Array.from({ length: setup.subscriptions }, (_, n) =>
    orders.subscription(`bench-${n}`, { discipline }),
  )
  await broker.declare(orders, ...subscriptions)
  const first = subscriptions[0] ?? orders.subscription('bench-0', { discipline })
  return new PluribusQueue(broker, orders, first, setup.concurrency)
}

class PluribusQueue implements Queue {
  readonly #broker: Broker
  readonly #topic: Topic<Data>
  readonly #subscription: Subscription<Data>
  readonly #concurrency: number
  #consumer: ConsumerHandle | undefined

  constructor(broker: Broker, of: Topic<Data>, subscription: Subscription<Data>, concurrency: number) {
    this.#broker = broker
    this.#topic = of
    this.#subscription = subscription
    this.#concurrency = concurrency
  }

  publish(item: Item): Promise<unknown> {
    return this.#broker.publish(this.#topic, item.data)
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#broker.publishMany(this.#topic, items)
  }

  async consume(handle: Handle): Promise<void> {
    const concurrency = this.#concurrency
    this.#consumer = await this.#broker.subscribe(this.#subscription, message => handle(message.data), { concurrency })
  }

  pause(): void {
    this.#consumer?.pause()
  }

  resume(): void {
    this.#consumer?.resume()
  }

  async left(): Promise<number> {
    const { waiting = 0, leased = 0, retrying = 0 } = await this.#broker.counts(this.#subscription)
    return waiting + leased + retrying
  }

  close(): Promise<void> {
    return this.#broker.close()
  }
}
