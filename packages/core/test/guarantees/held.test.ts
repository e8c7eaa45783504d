import { fifo, lifo, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
/** What a consumer may have settled and not heard of yet, beside its window. */
const UNCONFIRMED = 1_024

describe('what a consumer holds is bounded where the broker answers settles late', () => {
  test.each([
    ['fifo', fifo(), 8],
    ['lifo', lifo(), 2],
  ] as const)('%s', async (_, discipline, window) => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { discipline })
    await world.run(process.broker.declare(billing))
    await world.publish(process, orders, 5_000)
    process.adapter.delay('settle', 100, { side: 'reply' })
    let most = 0
    let acked = 0
    const handler = () => {
      acked++
      most = Math.max(most, acked - process.eventIds('delivery.acked').length)
    }
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 2, prefetch: 6 }))
    await world.until(() => process.eventIds('delivery.acked').length === 5_000)
    expect(most).toBeLessThanOrEqual(UNCONFIRMED + window)
    // And not so narrow that each answer is waited for with nothing to do.
    expect(most).toBeGreaterThanOrEqual(UNCONFIRMED)
    await world.end()
  })
})

test('a consumer that holds nothing has no timer for it', async () => {
  const world = new World()
  const process = await world.start({ lease: '30s' })
  await world.run(process.broker.subscribe(orders.subscription('billing'), () => undefined))
  await world.clock.advance(20_000)
  const timers = world.clock.pendingTimers
  await world.publish(process, orders, 1)
  await world.clock.advance(40_000)
  expect(process.eventIds('delivery.acked')).toEqual(['1'])
  expect(world.clock.pendingTimers).toBe(timers)
  await world.end()
})
