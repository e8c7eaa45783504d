// biome-ignore-all format: every wrong usage stays on its own line.
import { type Broker, bytes, createBroker, defineConfig, type Handler, json, type Logger, lifo, type Message, type PublishMiddleware, priority, reject, retry, type Subscription, type Topic, topic } from '@pluribus/core'
import type { Adapter, Capabilities } from '@pluribus/core/driver'
import { memory } from '@pluribus/memory'
import { z } from 'zod'

/** Wrong usages: every marked line is refused by the compiler, and no other. */
declare const broker: Broker
declare const message: Message<{ id: string }>
declare const capabilities: Capabilities
const orders = topic<{ id: string; total: number }>('orders.placed')
const dated = topic('orders.dated', { schema: z.object({ at: z.string().transform(text => new Date(text)) }) })
const billing = orders.subscription('billing')
const order = { id: '1', total: 9 }

broker.publish(orders, { id: '1' }) // wrong: a member is missing
broker.publish(orders, { id: 1, total: 9 }) // wrong: a member of another type
broker.publish(orders, { ...order, extra: true, id: 5 }) // wrong: a member of another type beside others
broker.publish('orders.placed', order) // wrong: a topic is a value, not its name
broker.publish(billing, order) // wrong: a subscription is not a topic
broker.publish(orders) // wrong: no data
broker.publish(orders, order, { priorty: 1 }) // wrong: an option is mistyped
broker.publish(orders, order, { priority: '1' }) // wrong: a priority is a number
broker.publish(orders, order, { headers: { n: 1 } }) // wrong: header values are text
broker.publish(orders, order, { delay: new Date() }) // wrong: a delay is a duration
broker.publish(orders, order, { key: 7 }) // wrong: a key is text
broker.publish(dated, { at: new Date() }) // wrong: publishers give the input, not the output
broker.publishMany(orders, [order]) // wrong: items have their data under data
broker.publishMany(orders, [{ data: { id: '1' } }]) // wrong: a member is missing in an item
broker.publishMany(orders, [{ data: order, ky: 'a' }]) // wrong: an option of an item is mistyped
broker.publishMany(orders, { data: order }) // wrong: one item is no list
broker.subscribe(orders, () => {}) // wrong: a topic is not a subscription
billing satisfies Subscription<{ id: number }> // wrong: a subscription of other data
orders satisfies Topic<{ id: number }> // wrong: a topic of other data
broker.subscribe(billing) // wrong: no handler
broker.subscribe(billing, incoming => void incoming.data.totl) // wrong: a member that is not there
broker.subscribe(dated.subscription('all'), incoming => void incoming.data.at.length) // wrong: handlers get the output
broker.subscribe(billing, () => 'ack') // wrong: an outcome is a value of ours
broker.subscribe(billing, async () => false) // wrong: an outcome is a value of ours, promised too
broker.subscribe(billing, () => {}, { concurency: 5 }) // wrong: an option is mistyped
broker.subscribe(billing, () => {}, { concurrency: '5' }) // wrong: concurrency is a number
broker.subscribe(billing, ((_: Message<{ other: string }>) => {}) as Handler<{ other: string }>) // wrong: a handler for other data
broker.on('delivery.died', () => {}) // wrong: there is no such event
broker.on('delivery.dead', event => event.cause) // wrong: the event has no such member
broker.redrive(billing, { ids: 'a' }) // wrong: ids are a list
broker.history(billing) // wrong: history is of a topic
broker.counts(orders) // wrong: counts are of a subscription
broker.close({ drian: '1s' }) // wrong: an option is mistyped
broker.capabilities.lifo = 'exact' // wrong: capabilities are read-only
message.data.id = 'a' // right: what a handler does to its copy is its own affair
message.id = 'a' // wrong: the envelope is read-only
message.headers.tenant = 'a' // wrong: headers are read-only
topic('orders.placed', { partition: 4 }) // wrong: an option is mistyped
topic<{ at: string }>('orders.dated', { codec: bytes }) // wrong: the codec is for other data
topic('orders.dated', { schema: { parse: () => {} } }) // wrong: no Standard Schema
topic<{ n: number }>('orders.n', { codec: json<{ n: string }>() }) // wrong: the codec's type is another
orders.subscription('billing', { discipline: 'lifo' }) // wrong: a discipline is a value
orders.subscription('billing', { discipline: lifo }) // wrong: the discipline was not called
orders.subscription('billing', { concurrency: 5 }) // wrong: concurrency is no part of the model
orders.subscription('billing', { retry: 5 }) // wrong: retry has members
priority({ level: 3 }) // wrong: an option is mistyped
retry('1s') // wrong: retry takes options
reject() // wrong: a reject needs a reason
createBroker('memory:') // wrong: a URL stands under adapter
createBroker({ url: 'memory:' }) // wrong: there is no such option
createBroker({ adapter: memory }) // wrong: the factory was not called
createBroker({ logger: true }) // wrong: a logger, or false
createBroker({ middleware: [] }) // wrong: middleware has two sides
defineConfig({ connections: { dev: 'memory:' }, use: 'prod' }) // wrong: no connection of that name
;({ info() {} }) satisfies Logger // wrong: levels are missing
;((draft, next) => void next(draft)) satisfies PublishMiddleware // wrong: the receipt is not returned
;({ name: 'x', capabilities }) satisfies Adapter // wrong: an adapter connects and classifies
