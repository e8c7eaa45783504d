import {
  type Broker,
  bytes,
  type Codec,
  type Context,
  createBroker,
  defineConfig,
  env,
  fifo,
  type HandleMiddleware,
  type Handler,
  isPluribusError,
  json,
  type Logger,
  lifo,
  type Message,
  type Outcome,
  type PublishMiddleware,
  priority,
  type Receipt,
  reject,
  release,
  retry,
  type Subscription,
  type Topic,
  topic,
} from '@pluribus/core'
import type { Adapter, SubscriptionCounts } from '@pluribus/core/driver'
import { memory, memoryStore } from '@pluribus/memory'
import { type } from 'arktype'
import { pino } from 'pino'
import * as v from 'valibot'
import { z } from 'zod'

/** Right usages: every statement compiles. What is asserted about types is asserted by assignment. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>): void => {}

declare const broker: Broker

// 1. Without a type, data is unknown: anything may be published.
const loose = topic('things.happened')
await broker.publish(loose, { whatever: 1 })
same<typeof loose, Topic<unknown>>(true)

// 2. A type given by hand, for publishers and handlers alike.
const orders = topic<{ id: string; total: number }>('orders.placed')
const receipt: Receipt = await broker.publish(orders, { id: '1', total: 9 })
same<Topic<{ id: string; total: number }>, typeof orders>(true)
receipt.duplicate satisfies boolean

// 3. Options, each alone and all together.
await broker.publish(orders, { id: '1', total: 9 }, { key: 'a', priority: 3, delay: '10s', headers: { tenant: 'x' } })
await broker.publish(
  orders,
  { id: '1', total: 9 },
  { id: 'a', deliverAt: new Date(), correlationId: 'c', causationId: 'd' },
)
await broker.publish(orders, { id: '1', total: 9 }, { delay: 10, deliverAt: '2026-07-01T12:00:00Z' })

// 4. zod: input to publish, output to handlers.
const dated = topic('orders.dated', { schema: z.object({ at: z.string().transform(text => new Date(text)) }) })
same<typeof dated, Topic<{ at: string }, { at: Date }>>(true)
await broker.publish(dated, { at: '2026-01-01' })
await broker.subscribe(dated.subscription('all'), message => {
  message.data.at satisfies Date
})

// 5. valibot.
const counted = topic('orders.counted', { schema: v.object({ n: v.pipe(v.string(), v.transform(Number)) }) })
same<typeof counted, Topic<{ n: string }, { n: number }>>(true)

// 6. arktype.
const typed = topic('orders.typed', { schema: type({ n: 'number > 0' }), version: 2 })
same<typeof typed, Topic<{ n: number }>>(true)

// 7. Codecs: bytes, JSON of a type, one's own.
await broker.publish(topic('images.raw', { codec: bytes }), Buffer.from('x'))
await broker.publish(topic('images.raw', { codec: bytes }), new Uint8Array(1))
await broker.publish(topic('orders.json', { codec: json<{ n: number }>() }), { n: 1 })
const text: Codec<string> = { contentType: 'text/plain', encode: value => value, decode: String }
await broker.publish(topic('texts.sent', { codec: text }), 'hello')

// 8. Subscriptions, with every setting.
const billing: Subscription<{ id: string; total: number }> = orders.subscription('billing', {
  discipline: priority({ levels: 3, atLeast: 'windowed' }),
  retry: { attempts: 9, delays: [100, '1s'] },
  timeout: '5s',
  grace: 100,
  from: { time: new Date() },
})
orders.subscription('late', { discipline: lifo(), from: 'latest' })
orders.subscription('exact', { discipline: fifo(), from: { id: 'a' } })

// 9. Handlers that return nothing, outcomes, promises of either; synchronous and asynchronous.
await broker.subscribe(billing, () => {})
await broker.subscribe(billing, () => undefined)
await broker.subscribe(billing, async () => {})
await broker.subscribe(billing, message => (message.data.total > 0 ? undefined : reject('FREE')))
await broker.subscribe(billing, async (_, context) =>
  context.attempt > 3 ? release() : retry({ after: '1s', reason: 'LATER' }),
)

// 10. Handlers as values, for a part of the data too.
const audit: Handler<{ id: string }> = (message: Message<{ id: string }>, context: Context): Outcome | undefined => {
  context.signal.throwIfAborted()
  return message.data.id === '' ? reject('NO_ID') : undefined
}
await broker.subscribe(billing, audit)

// 11. Process settings.
const consumer = await broker.subscribe(billing, () => {}, { concurrency: 8, prefetch: 0 })
consumer.pause()
consumer.resume()
await consumer.close({ drain: '1s' })

// 12. Publishing from a handler's context.
await broker.subscribe(billing, async (message, context) => {
  await context.publish(orders, message.data, { key: message.key ?? 'none' })
  await context.publishMany(orders, [{ data: message.data }])
})

// 13. Batches, of any iterable.
const report = await broker.publishMany(orders, new Set([{ data: { id: '1', total: 9 }, key: 'a' }]))
report.receipts[0]?.id satisfies string | undefined

// 14. Errors and their reports.
try {
  await broker.publishMany(orders, [])
} catch (error) {
  if (isPluribusError(error, 'OVERLOADED')) error.report?.failures.map(({ id }) => id) satisfies string[] | undefined
}

// 15. Reading: history, dead letters, counts.
for await (const message of broker.history(dated, { from: 'earliest' })) message.data.at satisfies Date
for await (const dead of broker.deadLetters(billing, { limit: 1 })) dead.errors[0]?.attempt satisfies number | undefined
const counts: SubscriptionCounts = await broker.counts(billing)
counts.waiting satisfies number | undefined

// 16. Administration.
const redriven = await broker.redrive(billing, { ids: ['a'] })
redriven.missing satisfies readonly string[]
;(await broker.discard(billing)) satisfies number
await broker.remove(billing)
await broker.declare(orders, billing, dated, dated.subscription('all'))
broker.check(billing, dated.subscription('all')).map(refusal => refusal.capability)

// 17. Events.
const stop: () => void = broker.on('delivery.dead', event => event.reason satisfies string)
broker.on('setting.changed', async ({ setting }) => console.error(setting))
stop()

// 18. Brokers, from everything that chooses an adapter.
await using first = await createBroker({ adapter: 'memory:' })
await using second = await createBroker({ adapter: memory({ store: memoryStore() }), source: 'checkout' })
await using third = await createBroker({ adapter: env('PLURIBUS_URL', 'memory:') })
await using fourth = await createBroker({ adapter: { use: '@acme/adapter', options: { region: 'eu' } } })
await using fifth = await createBroker()
console.error(first.adapter, second.adapter, third.adapter, fourth.adapter, fifth.server.endpoint)

// 19. Configuration.
const config = defineConfig({ connections: { dev: 'memory:', prod: env('URL') }, use: env('USE', 'dev') })
await createBroker(config)
await createBroker({ adapter: config, maxPending: 1_024 })
defineConfig({ connections: { dev: 'memory:', prod: memory() }, use: 'prod' })

// 20. Loggers: pino, the console, silence.
const logger: Logger = pino()
await createBroker({ logger })
await createBroker({ logger: pino({ level: 'warn' }) })
await createBroker({ logger: { debug() {}, info() {}, warn: console.warn, error: console.error } })
await createBroker({ logger: false })

// 21. Middleware on both sides.
const stamp: PublishMiddleware = (draft, next) => next({ ...draft, options: { ...draft.options, priority: 1 } })
const timed: HandleMiddleware = async (message, context, next) => {
  console.error(message.id, context.attempt)
  return next()
}
await createBroker({ middleware: { publish: [stamp], handle: [timed, (_message, _context, next) => next()] } })

// 22. Topics of a union, and of optional members.
const union = topic<{ kind: 'a'; a: number } | { kind: 'b'; b?: string }>('things.union')
await broker.publish(union, { kind: 'b' })
await broker.subscribe(union.subscription('all'), ({ data }) => {
  if (data.kind === 'a') data.a satisfies number
})

// 23. Functions over any topic.
const republish = <T>(to: Topic<T>, message: Message<T>) => broker.publish(to, message.data, { id: message.id })
await republish(orders, { data: { id: '1', total: 1 } } as Message<{ id: string; total: number }>)

// 24. An adapter is a plain value of the contract.
const adapter: Adapter = memory()
adapter.capabilities.lifo satisfies 'exact' | 'windowed' | 'none'
