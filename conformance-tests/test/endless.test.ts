import { createBroker, topic } from '@pluribus/core'
import { recordingLogger } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { expect, test } from 'vitest'
import { Overdue } from '../src/engine/overdue.js'
import { VirtualTime } from '../src/engine/virtual-time.js'

test('messages that make messages for ever are overdue, although no time passes', async () => {
  const time = new VirtualTime(1, 300)
  const broker = await time.drive(
    createBroker({ adapter: memory(), environment: time.environment('endless', recordingLogger()) }),
    1_000,
    'a broker',
  )
  const orders = topic<number>('orders.placed')
  await time.drive(
    broker.subscribe(orders.subscription('billing'), ({ data }, context) =>
      context.publish(orders, data + 1).then(() => {}),
    ),
    1_000,
    'a consumer',
  )
  await expect(time.drive(broker.publish(orders, 1), 1_000, 'a first message')).rejects.toThrow(Overdue)
})
