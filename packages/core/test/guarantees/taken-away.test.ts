import { topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { timeout: '1h' })

describe('a run whose delivery was taken away, and that does not honour its signal', () => {
  async function running() {
    const world = new World()
    const process = await world.start({ lease: '30s' })
    const handler = world.recorder.handler(() => world.clock.sleep(world.recorder.runs.length === 1 ? 120_000 : 0))
    const consumer = await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(1_000)
    return { world, process, consumer }
  }

  test('is renewed no more', async () => {
    const { world, process, consumer } = await running()
    // Otherwise the message would come back to its run.
    consumer.pause()
    expect(process.adapter.takeLeases()).toBe(1)
    await world.clock.advance(150_000)
    expect(process.adapter.calls('renew')).toBe(0)
    await world.end()
  })

  test('is told once, whatever becomes of its source after that', async () => {
    const { world, process, consumer } = await running()
    consumer.pause()
    expect(process.adapter.takeLeases()).toBe(1)
    process.adapter.endSources()
    await world.clock.advance(60_000)
    expect(process.eventIds('delivery.lost')).toEqual(['1'])
    consumer.resume()
    await world.clock.advance(200_000)
    expect(process.eventIds('delivery.lost')).toEqual(['1'])
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })
})

test('what an outage has left open is forgotten when it cannot come back any more', async () => {
  const world = new World()
  const process = await world.start({ lease: '30s' })
  await world.run(process.broker.subscribe(billing, () => undefined))
  await world.clock.advance(20_000)
  const timers = world.clock.pendingTimers
  // The ack takes effect, and nobody is told: the message never comes back to be settled again.
  process.adapter.loseReplies('settle')
  await world.publish(process, orders, 1)
  await world.clock.advance(200_000)
  expect(process.adapter.generation).toBe(2)
  expect(world.clock.pendingTimers).toBe(timers)
  await world.end()
})
