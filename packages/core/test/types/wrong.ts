/** Ways to use the API that must not compile: each is marked on its line, with the reason. */
import {
  type Broker,
  bytes,
  createBroker,
  defineConfig,
  env,
  type Message,
  priority,
  retry,
  topic,
} from '@pluribus/core'
import { z } from 'zod'

interface Order {
  readonly id: string
  readonly total: number
}

declare const broker: Broker
declare const message: Message<Order>
const placed = topic<Order>('orders.placed')
const counted = topic('orders.counted', { schema: z.object({ n: z.string().transform(Number) }) })
const images = topic('images.taken', { codec: bytes })
const billing = placed.subscription('billing')

broker.publish(placed, {}) // wrong: members are missing
broker.publish(placed, { id: 1, total: 9 }) // wrong: the id is text
broker.publish(placed, { id: '1', total: 9, extra: true }) // wrong: no such member
broker.publish(counted, { n: 12 }) // wrong: publishers give the input
broker.publish(images, 'text') // wrong: bytes are asked for
broker.publish(images, [1, 2, 3]) // wrong: bytes are asked for
broker.publish('orders.placed', { id: '1', total: 9 }) // wrong: a name is no topic
broker.publish(placed, { id: '1', total: 9 }, { prio: 3 }) // wrong: no such option
broker.publish(placed, { id: '1', total: 9 }, { priority: 'high' }) // wrong: priorities are numbers
broker.publish(placed, { id: '1', total: 9 }, { headers: { n: 1 } }) // wrong: headers are text
broker.publishMany(placed, [{ id: '1', total: 9 }]) // wrong: items are { data }
broker.publishMany(placed, { data: { id: '1', total: 9 } }) // wrong: a list is asked for
broker.subscribe(placed, () => {}) // wrong: a topic is no subscription
broker.subscribe(billing, ({ data }) => void data.price) // wrong: no such member
broker.subscribe(counted.subscription('sum'), ({ data }) => void data.n.toUpperCase()) // wrong: handlers get the output
broker.subscribe(billing, () => 'ack') // wrong: text is no outcome
broker.subscribe(billing, async () => true) // wrong: a boolean is no outcome
broker.subscribe(billing, () => {}, { concurency: 8 }) // wrong: misspelt
placed.subscription('audit', { discipline: 'lifo' }) // wrong: a discipline is lifo()
placed.subscription('audit', { from: 'begin' }) // wrong: earliest or latest
placed.subscription('audit', { retry: 5 }) // wrong: retry is an object
topic<Order>('orders.placed', { retention: '7d' }) // wrong: retention is an object
priority({ level: 3 }) // wrong: misspelt
retry('10s') // wrong: retry takes an object
broker.on('delivery.failed', () => {}) // wrong: no such event
broker.on('delivery.acked', event => void event.reason) // wrong: acked deliveries have no reason
message.data.total = 3 // wrong: data of this type is read-only
message.headers.a = 'b' // wrong: headers are read-only
createBroker({ adapter: 6379 }) // wrong: no adapter, URL or configuration
createBroker({ adapter: 'memory:', timeout: '1s' }) // wrong: no such option
defineConfig({ connections: { dev: 'memory:' }, use: 'prod' }) // wrong: no such connection
env(3) // wrong: a name is asked for
