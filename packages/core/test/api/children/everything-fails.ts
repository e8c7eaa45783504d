import { createBroker, topic } from '@pluribus/core'
import { unreliable } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'

/** Publishes, fails, retries, dead-letters, loses its connection and closes, with a listener that throws. */
const adapter = unreliable(memory())
const broker = await createBroker({
  adapter,
  publishTimeout: 200,
  ...(process.argv[2] === 'silent' ? { logger: false as const } : {}),
})
const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [1] }, timeout: 20, grace: 10 })
broker.on('message.published', () => {
  throw new Error('listener')
})
let runs = 0
await broker.subscribe(billing, async message => {
  runs++
  if (message.data.n === 1) throw new Error('handler')
  if (message.data.n === 2) await new Promise(resolve => setTimeout(resolve, 60))
})
await broker.publishMany(orders, [{ data: { n: 1 } }, { data: { n: 2 } }, { data: { n: 3 } }])
while (runs < 4) await new Promise(resolve => setTimeout(resolve, 5))
adapter.refuse()
adapter.cut()
await broker.publish(orders, { n: 4 }).catch(() => {})
adapter.accept()
await broker.publish(orders, { n: 5 }).catch(() => {})
await broker.close({ drain: '1s' })
process.exit()
