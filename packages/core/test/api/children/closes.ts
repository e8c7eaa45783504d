import { createBroker, topic } from '@pluribus/core'
import { unreliable } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'

/** Leaves behind what it can: a broker that was closed while it reconnected, one that was never born, one in order. */
const orders = topic<{ n: number }>('orders.placed')

const reconnecting = unreliable(memory())
const first = await createBroker({ adapter: reconnecting, logger: false })
reconnecting.hangConnects()
reconnecting.cut()
const lost = first.publish(orders, { n: 1 }).catch(() => {})
await new Promise(resolve => setTimeout(resolve, 200))
await first.close()
await lost

const unborn = unreliable(memory(), { steps: [{ on: 'connect', call: 1, do: 'fail' }] })
unborn.hangConnects()
await createBroker({ adapter: unborn, connectTimeout: 300, logger: false }).catch(() => {})

const orderly = await createBroker({ adapter: 'memory:' })
await orderly.subscribe(orders.subscription('billing'), () => {})
await orderly.publish(orders, { n: 1 })
await orderly.close()
