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
  const named = (name: string) =>
    (setup.format === 'json' ? topic(name, { retention }) : topic(name, { retention, codec: bytes })) as Topic<Data>
  const topics = Array.from({ length: setup.topics ?? 1 }, (_, n) =>
    named(n === 0 ? 'orders.placed' : `orders.placed-${n}`),
  )
  const discipline = setup.discipline === 'priority' ? priority({ levels: 10 }) : fifo()
  const subscriptionsOf = (of: Topic<Data>) =>
    Array.from({ length: setup.subscriptions }, (_, n) => of.subscription(`bench-${n}`, { discipline }))
  await broker.declare(...topics, ...topics.flatMap(subscriptionsOf))
  const firsts = topics.map(of => of.subscription('bench-0', { discipline }))
  return new PluribusQueue(broker, topics, firsts, setup.concurrency)
}

class PluribusQueue implements Queue {
  readonly #broker: Broker
  readonly #topics: readonly Topic<Data>[]
  /** One of each topic. */
  readonly #subscriptions: readonly Subscription<Data>[]
  readonly #concurrency: number
  #consumers: readonly ConsumerHandle[] = []
  #turn = 0

  constructor(
    broker: Broker,
    topics: readonly Topic<Data>[],
    subscriptions: readonly Subscription<Data>[],
    concurrency: number,
  ) {
    this.#broker = broker
    this.#topics = topics
    this.#subscriptions = subscriptions
    this.#concurrency = concurrency
  }

  publish(item: Item): Promise<unknown> {
    return this.#broker.publish(this.#next(), item.data)
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#broker.publishMany(this.#next(), items)
  }

  async consume(handle: Handle): Promise<void> {
    const concurrency = this.#concurrency
    const consume = (from: Subscription<Data>) =>
      this.#broker.subscribe(from, message => handle(message.data), { concurrency })
    this.#consumers = await Promise.all(this.#subscriptions.map(consume))
  }

  pause(): void {
    for (const consumer of this.#consumers) consumer.pause()
  }

  resume(): void {
    for (const consumer of this.#consumers) consumer.resume()
  }

  async left(): Promise<number> {
    const counts = await Promise.all(this.#subscriptions.map(subscription => this.#broker.counts(subscription)))
    return counts.reduce((sum, { waiting = 0, leased = 0, retrying = 0 }) => sum + waiting + leased + retrying, 0)
  }

  close(): Promise<void> {
    return this.#broker.close()
  }

  /** Topics take turns. */
  #next(): Topic<Data> {
    if (this.#topics.length === 1) return this.#topics[0] as Topic<Data>
    return this.#topics[this.#turn++ % this.#topics.length] as Topic<Data>
  }
}
