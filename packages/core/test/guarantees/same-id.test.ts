import { type Discipline, fifo, lifo, type Message, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { type Process, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')

describe('two messages of one id, published again when the broker had forgotten it', () => {
  async function twice(discipline: Discipline, between: (process: Process) => void) {
    const world = new World()
    const process = await world.start()
    const subscription = orders.subscription('billing', { timeout: '10m', discipline })
    const handled: number[] = []
    const handler = world.recorder.handler(async (message: Message<number>) => {
      await world.clock.sleep(60_000)
      handled.push(message.data)
    })
    const { deduplication } = process.broker.capabilities
    const forgotten = deduplication === 'none' ? 0 : deduplication.window + 1
    await world.run(process.broker.publish(orders, 1, { id: 'same' }))
    await world.clock.advance(forgotten)
    await world.run(process.broker.subscribe(subscription, handler, { concurrency: 2, prefetch: 0 }))
    await world.until(() => world.recorder.runs.length === 1)
    between(process)
    await world.run(process.broker.publish(orders, 2, { id: 'same' }))
    await world.clock.settle()
    return { world, process, handled }
  }

  test('one whose source ends while it runs: its run is not taken for that of the other, which would never run', async () => {
    const { world, handled } = await twice(lifo(), each => void each.adapter.endSources())
    await world.clock.advance(300_000)
    expect(new Set(handled)).toEqual(new Set([1, 2]))
    await world.end()
  })

  test('both cut off while they run: each goes on, and is run once', async () => {
    const { world, process, handled } = await twice(fifo(), () => {})
    expect(world.recorder.runs).toHaveLength(2)
    await world.cut(process, 1_000)
    await world.clock.advance(300_000)
    expect(handled).toEqual([1, 2])
    expect(world.recorder.runs.map(run => run.attempt)).toEqual([1, 1])
    expect(process.eventIds('delivery.acked')).toHaveLength(2)
    await world.end()
  })
})
