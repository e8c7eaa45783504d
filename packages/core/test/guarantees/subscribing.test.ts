import { topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing')
const handler = () => undefined

describe('guarantee 17: one consumer a subscription and process', () => {
  async function subscribed() {
    const world = new World()
    const { broker } = await world.start()
    const consumer = await world.run(broker.subscribe(billing, handler, { concurrency: 2, prefetch: 3 }))
    return { world, broker, consumer }
  }

  test('the same handler with the same settings is the same consumer, whoever says so', async () => {
    const { world, broker, consumer } = await subscribed()
    const same = [billing, orders.subscription('billing'), orders.subscription('billing', { from: 'latest' })]
    for (const each of same) {
      expect(await world.run(broker.subscribe(each, handler, { concurrency: 2, prefetch: 3 }))).toBe(consumer)
    }
    await world.end()
  })

  test.each([
    ['concurrency', billing, { concurrency: 3, prefetch: 3 }],
    ['prefetch', billing, { concurrency: 2, prefetch: 4 }],
    ['timeout', orders.subscription('billing', { timeout: '7s' }), { concurrency: 2, prefetch: 3 }],
  ] as const)('the same handler with another %s is a conflict', async (_, other, options) => {
    const { world, broker } = await subscribed()
    await expect(world.run(broker.subscribe(other, handler, options))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is consumed with other settings'),
    })
    await world.end()
  })

  test('another handler is a conflict, until the first consumer is closed', async () => {
    const { world, broker, consumer } = await subscribed()
    const another = () => undefined
    const again = () => broker.subscribe(billing, another, { concurrency: 2, prefetch: 3 })
    await expect(world.run(again())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has another handler'),
    })
    await world.run(consumer.close())
    expect(await world.run(again())).not.toBe(consumer)
    await world.end()
  })

  test('a subscription whose first source was refused can be subscribed again', async () => {
    const world = new World()
    const { broker, adapter } = await world.start()
    adapter.failBefore('open', { error: new TypeError('no such thing') })
    await expect(world.run(broker.subscribe(billing, handler))).rejects.toThrow('no such thing')
    const consumer = await world.run(broker.subscribe(billing, handler))
    expect(consumer.state).toBe('consuming')
    await world.end()
  })
})
