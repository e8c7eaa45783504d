import { type Context, createBroker, type Message, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { type Process, range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const never = new Promise<undefined>(() => {})

describe('guarantee 5: a suspect is run alone, and its mark is worth what it says', () => {
  /** Message 1 of three has been lost twice, or each of `count`; the process that is returned has not subscribed yet. */
  async function suspected({ wait = 31_000, count = 1 } = {}): Promise<{
    world: World
    process: Process
    billing: ReturnType<typeof orders.subscription>
  }> {
    const world = new World()
    const billing = orders.subscription('billing', { timeout: '1m' })
    const first = await world.start()
    await world.run(first.broker.declare(billing))
    await world.publish(first, orders, Math.max(3, count))
    for (let loss = 0; loss < 2; loss++) {
      const victim = await world.start()
      await world.run(victim.broker.subscribe(billing, () => never, { concurrency: count, prefetch: 0 }))
      await world.clock.settle()
      victim.adapter.kill()
      await world.clock.advance(loss === 1 ? wait : 31_000)
    }
    return { world, process: await world.start(), billing }
  }

  test('it is marked before it runs, and nothing runs beside it', async () => {
    const { world, process, billing } = await suspected()
    const marks: number[] = []
    const handler = world.recorder.handler(async () => {
      marks.push(process.adapter.executed('mark'))
      await world.clock.sleep(500)
    })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '3'])
    expect(marks[0]).toBe(1)
    expect(process.eventIds('delivery.suspect')).toEqual(['1'])
    const [first, second] = world.recorder.runs
    expect(second?.startedAt).toBeGreaterThanOrEqual(first?.endedAt as number)
    await world.end()
  })

  test('one that comes while others run waits for them, and is not even marked before', async () => {
    const { world, process, billing } = await suspected({ wait: 0 })
    const handler = world.recorder.handler(() => world.clock.sleep(40_000))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.clock.advance(39_000)
    expect(world.recorder.ids()).toEqual(['2', '3'])
    expect([process.adapter.held.length, process.adapter.calls('mark')]).toEqual([3, 0])
    await world.clock.advance(2_000)
    expect(world.recorder.ids()).toEqual(['2', '3', '1'])
    await world.run(process.broker.publish(orders, 4, { id: '4' }))
    await world.clock.advance(30_000)
    expect(world.recorder.ids()).toEqual(['2', '3', '1'])
    await world.clock.advance(60_000)
    expect(world.recorder.ids()).toEqual(['2', '3', '1', '4'])
    await world.end()
  })

  test('one whose source ends while it runs is not run twice at once', async () => {
    const { world, process, billing } = await suspected()
    const handler = world.recorder.handler(() => world.clock.sleep(3_000))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.clock.advance(1_000)
    process.adapter.endSources()
    await world.clock.advance(30_000)
    expect(sorted(world.recorder.ids())).toEqual(range(3))
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(3))
    await world.end()
  })

  test('one that cannot be marked does not run, and is tried again', async () => {
    const { world, process, billing } = await suspected()
    process.adapter.failBefore('mark', { times: 3 })
    await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 8 }))
    await world.clock.advance(60_000)
    expect(sorted(world.recorder.ids())).toEqual(['1', '2', '3'])
    expect(process.adapter.executed('mark')).toBe(1)
    await world.end()
  })

  test('one that cannot be marked for long is tried less and less often, and lets the others past', async () => {
    const { world, process, billing } = await suspected()
    process.adapter.failBefore('mark', { times: 10_000 })
    await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 1, prefetch: 0 }))
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(['2', '3'])
    await world.clock.advance(60_000)
    // 100 ms, doubled up to 2.5 s, or half of that.
    expect(process.adapter.calls('mark')).toBeLessThan(45)
    expect(process.adapter.calls('mark')).toBeGreaterThan(10)
    const warnings = world.logger.lines.filter(({ message }) => message.startsWith('A suspect could not be marked'))
    expect(warnings[0]).toMatchObject({ level: 'warn', details: { id: '1', delay: expect.any(Number) } })
    process.adapter.heal()
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual(['2', '3', '1'])
    expect(process.eventIds('delivery.lost')).toEqual([])
    await world.end()
  })

  test('of many that cannot be marked only so many are held as may be settled late', async () => {
    const { world, process, billing } = await suspected({ count: 1_100 })
    process.adapter.failBefore('mark', { times: 100_000 })
    await world.run(process.broker.subscribe(billing, world.recorder.handler(), { prefetch: 0 }))
    await world.clock.advance(40)
    expect(process.adapter.held).toHaveLength(1_024)
    process.adapter.heal()
    await world.until(() => process.eventIds('delivery.acked').length === 1_100)
    await world.end()
  })

  test.each(['cut', 'close', 'pause'] as const)('one that waits to be marked again: %s', async strike => {
    const { world, process, billing } = await suspected()
    process.adapter.failBefore('mark', { times: 6 })
    const consumer = await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 8 }))
    await world.until(() => process.adapter.calls('mark') === 6)
    const heir = await world.start()
    if (strike === 'cut') {
      await world.cut(process, 1_000)
    } else {
      if (strike === 'close') await world.run(consumer.close())
      else consumer.pause()
      await world.clock.settle()
      // Given back at once: somebody else may be able to mark it.
      expect(process.adapter.held).toEqual([])
      await world.run(heir.broker.subscribe(billing, world.recorder.handler()))
    }
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual(['2', '3', '1'])
    await world.end()
  })

  test('one that is taken away while it is being marked does not stop the consumer', async () => {
    const { world, process, billing } = await suspected()
    const letGo = process.adapter.hold('mark', { side: 'reply' })
    await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 8 }))
    await world.clock.settle()
    expect(process.adapter.takeLeases()).toBe(1)
    letGo()
    await world.clock.advance(60_000)
    expect(sorted(world.recorder.ids())).toEqual(['1', '2', '3'])
    await world.end()
  })

  test('one whose consumer is paused while it is being marked does not run until it is resumed', async () => {
    const { world, process, billing } = await suspected()
    const letGo = process.adapter.hold('mark', { side: 'reply' })
    const consumer = await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 8 }))
    await world.clock.settle()
    consumer.pause()
    letGo()
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual([])
    consumer.resume()
    await world.clock.advance(5_000)
    expect(sorted(world.recorder.ids())).toEqual(['1', '2', '3'])
    await world.end()
  })

  test('one that succeeds is no suspect any more, one that fails is retried like any other', async () => {
    const { world, process, billing } = await suspected()
    const handler = world.recorder.handler((message: Message<number>, { attempt }: Context) => {
      if (message.id === '1' && attempt < 3) throw new Error('not yet')
    })
    await world.run(process.broker.subscribe(billing, handler))
    await world.clock.advance(60_000)
    expect(world.recorder.runsOf('1').map(run => run.attempt)).toEqual([1, 2, 3])
    expect(process.eventIds('delivery.suspect')).toEqual(['1'])
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(['1', '2', '3'])
    await world.end()
  })

  test('one whose handler loses the connection and never ends is timed out all the same', async () => {
    const { world, process, billing } = await suspected()
    const handler = () => {
      process.adapter.refuse()
      process.adapter.cut()
      return never
    }
    await world.run(process.broker.subscribe(billing, handler))
    await world.clock.advance(65_000)
    expect(process.eventIds('handler.abandoned')).toEqual(['1'])
    await world.end()
  })

  test('its start is told to whoever listens by then', async () => {
    const { world, process, billing } = await suspected()
    const other = await createBroker({ adapter: process.adapter, environment: world.clock.environment() })
    const letGo = process.adapter.hold('mark')
    await world.run(other.subscribe(billing, () => undefined, { prefetch: 0 }))
    await world.clock.settle()
    const started: string[] = []
    other.on('delivery.started', ({ id }) => void started.push(id))
    letGo()
    await world.clock.settle()
    expect(started).toEqual(['1', '2', '3'])
    await world.run(other.close())
    await world.end()
  })

  test('one that waits to be marked again leaves no timer when its broker is closed', async () => {
    const { world, process, billing } = await suspected()
    process.adapter.failBefore('mark', { times: 10_000 })
    await world.run(process.broker.subscribe(billing, world.recorder.handler(), { concurrency: 8 }))
    await world.until(() => process.adapter.calls('mark') === 8)
    expect(process.adapter.held).toHaveLength(1)
    await world.end()
  })
})
