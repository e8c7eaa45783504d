/** Twenty-odd ways to use the API that compile. */
import {
  type Broker,
  bytes,
  type Codec,
  createBroker,
  defineConfig,
  env,
  fifo,
  type Handler,
  isPluribusError,
  lifo,
  type Message,
  priority,
  reject,
  release,
  retry,
  type Subscription,
  type Topic,
  topic,
} from '@pluribus/core'
import { memory, memoryStore } from '@pluribus/memory'
import * as v from 'valibot'
import { z } from 'zod'

interface Order {
  readonly id: string
  readonly total: number
}

declare const broker: Broker
declare const upperCase: Codec<string>

// 1: a topic of a declared type. 2: one whose schema transforms. 3: one of bytes. 4: one with a codec of its own.
const placed = topic<Order>('orders.placed')
const counted = topic('orders.counted', { schema: z.object({ n: z.string().transform(Number) }) })
const images = topic('images.taken', { codec: bytes })
const shouted = topic('words.shouted', { codec: upperCase, version: 2, retention: { age: '1d', bytes: 1_000_000 } })
// 5: another schema library
const checked = topic('orders.checked', { schema: v.object({ id: v.string() }), partitions: 4 })

// 6–9: disciplines and policies
const billing = placed.subscription('billing', { discipline: priority({ levels: 3, atLeast: 'windowed' }) })
const audit = placed.subscription('audit', { discipline: lifo(), from: { time: new Date(0) } })
const slow = placed.subscription('slow', { retry: { attempts: 3, delays: ['1s', 5_000] }, timeout: '1m', grace: 0 })
const late = placed.subscription('late', { discipline: fifo(), from: { id: 'order-1' } })

// 10: what handlers get is the schema's output
const sum: Handler<{ n: number }> = message => void message.data.n.toFixed()
await broker.subscribe(counted.subscription('sum'), sum)
// 11: what publishers give is its input
await broker.publish(counted, { n: '12' })

// 12–14: handlers return nothing, an outcome, or a promise of either
await broker.subscribe(billing, message => (message.data.total > 0 ? undefined : reject('NOTHING_TO_PAY')))
await broker.subscribe(audit, async ({ data }) =>
  data.total > 9 ? retry({ after: '10s', reason: 'BUSY' }) : release(),
)
await broker.subscribe(slow, () => {}, { concurrency: 64, prefetch: 0 })

// 15: a handler publishes what it causes
await broker.subscribe(late, async (message, context) => {
  await context.publish(shouted, message.id, {
    key: message.key ?? 'none',
    headers: { attempt: String(context.attempt) },
  })
})

// 16–17: options, and batches with options of their own
await broker.publish(placed, { id: '1', total: 9 }, { id: 'order-1', key: 'ada', priority: 2, deliverAt: new Date() })
const report = await broker.publishMany(placed, [
  { data: { id: '2', total: 1 } },
  { data: { id: '3', total: 2 }, delay: '1m' },
])
report.receipts.map(receipt => receipt?.duplicate)

// 18: bytes in, bytes out
await broker.publish(images, new Uint8Array(3))
for await (const image of broker.history(images)) image.data.byteLength.toFixed()

// 19: dead letters are typed like the messages they were
for await (const dead of broker.deadLetters(billing, { limit: 10 })) dead.message.data.total.toFixed()
await broker.redrive(billing, { ids: ['order-1'] })

// 20: any topic is a topic of unknown data, and so is any subscription
const topics: readonly Topic<unknown>[] = [placed, counted, images, checked]
const subscriptions: readonly Subscription<unknown>[] = [billing, counted.subscription('sum')]
await broker.declare(...topics, ...subscriptions)
const refusals = broker.check(...subscriptions)

// 21–23: configuration
const store = memoryStore()
await using one = await createBroker({ adapter: memory({ store }), lease: '5s', logger: false })
await using other = await createBroker(
  defineConfig({ connections: { dev: memory({ store }), prod: env('PLURIBUS_URL') }, use: env('WHICH', 'dev') }),
)
await using byUrl = await createBroker({ adapter: 'memory:' })

// 24: middleware on both sides
await using observed = await createBroker({
  adapter: 'memory:',
  middleware: {
    publish: [(draft, next) => next({ ...draft, options: { ...draft.options, priority: 1 } })],
    handle: [(message: Message<unknown>, _context, next) => (message.id === '' ? undefined : next())],
  },
})

// 25: events are typed by their name; errors by their code
const stop = observed.on('delivery.dead', event => console.error(event.reason, event.error?.message))
stop()
const isFull = (error: unknown) => isPluribusError(error, 'OVERLOADED') && error.retryable

export { byUrl, isFull, one, other, refusals }
