import { type Context, type Message, topic } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const once = { retry: { attempts: 2, delays: ['1s'] } } as const

describe('guarantee 7: a handler that outlives its timeout', () => {
  test('gets its signal at the timeout, and the attempt has failed whatever it resolves with', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { ...once, timeout: '2s', grace: '5s' })
    const aborted: number[] = []
    const handler = world.recorder.handler(async (_: Message<number>, { signal }: Context) => {
      signal.addEventListener('abort', () => aborted.push(world.clock.monotonic()))
      await world.clock.sleep(4_000)
    })
    await world.run(process.broker.subscribe(billing, handler))
    const start = world.clock.monotonic()
    await world.publish(process, orders, 1)
    await world.clock.advance(60_000)
    expect(aborted).toEqual([start + 2_000, start + 7_000])
    // The second attempt is counted from the end of the run, not from its timeout.
    expect(world.recorder.runs.map(run => [run.startedAt - start, run.attempt])).toEqual([
      [0, 1],
      [5_000, 2],
    ])
    expect(process.eventIds('handler.abandoned')).toEqual([])
    const [letter] = await world.dead(process, billing)
    expect(letter?.errors.map(({ code, attempt }) => [code, attempt])).toEqual([
      ['TIMEOUT', 1],
      ['TIMEOUT', 2],
    ])
    await world.end()
  })

  test('keeps its slot until it ends', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { ...once, timeout: '1s', grace: '5s' })
    const handler = world.recorder.handler((message: Message<number>) =>
      message.id === '1' ? world.clock.sleep(3_500) : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler as never))
    await world.publish(process, orders, 2)
    await world.clock.advance(3_499)
    expect(world.recorder.ids()).toEqual(['1'])
    await world.clock.advance(1)
    expect(world.recorder.ids()).toEqual(['1', '2'])
    await world.end()
  })

  test('keeps its key until it ends, while others pass', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { timeout: '1s', grace: '5s', retry: { attempts: 1 } })
    const handler = world.recorder.handler((message: Message<number>) =>
      message.id === '1' ? world.clock.sleep(3_500) : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler as never, { concurrency: 4 }))
    await world.publish(process, orders, 4, n => (n % 2 === 0 ? 'even' : 'odd'))
    await world.clock.advance(3_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '4'])
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '4', '3'])
    expect(world.recorder.overlapping('key')).toEqual([])
    await world.end()
  })

  test('loses its slot and key when the grace has passed, is reported once, and changes nothing at last', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { ...once, timeout: '1s', grace: '2s' })
    const ends: ((value?: unknown) => void)[] = []
    const handler = world.recorder.handler(
      (_: Message<number>) => new Promise<undefined>(resolve => ends.push(resolve as never)),
    )
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1, () => 'k')
    await world.clock.advance(2_999)
    expect(process.eventIds('handler.abandoned')).toEqual([])
    await world.clock.advance(1)
    expect(process.eventIds('handler.abandoned')).toEqual(['1'])
    await world.clock.advance(10_000)
    expect(world.recorder.runs.map(run => [run.startedAt, run.attempt])).toEqual([
      [0, 1],
      [4_000, 2],
    ])
    const before = await world.run(process.broker.counts(billing))
    expect(before).toMatchObject({ dead: 1, leased: 0, waiting: 0 })
    for (const end of ends) end()
    await world.clock.advance(10_000)
    expect(await world.run(process.broker.counts(billing))).toEqual(before)
    expect(process.eventIds('delivery.acked')).toEqual([])
    expect(process.eventIds('delivery.stale')).toEqual([])
    // The slots are as many as before, too.
    const more = ['2', '3', '4'].map(id => process.broker.publish(orders, 0, { id }))
    await world.run(Promise.all(more))
    await world.clock.advance(100)
    expect(world.recorder.ids()).toEqual(['1', '1', '2'])
    await world.end()
  })

  test('an abandoned handler that rejects at last breaks nothing', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 1 }, timeout: '1s', grace: 0 })
    const handler = world.recorder.handler(async () => {
      await world.clock.sleep(5_000)
      throw new Error('too late')
    })
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(10_000)
    const [letter] = await world.dead(process, billing)
    expect(letter?.errors.map(({ code }) => code)).toEqual(['TIMEOUT'])
    await world.end()
  })

  test('many that run at once time out each by itself, to the millisecond', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { timeout: '1s', retry: { attempts: 1 } })
    const aborted: Record<string, number> = {}
    const handler = async (message: Message<number>, { signal }: Context) => {
      signal.addEventListener('abort', () => {
        aborted[message.id] = world.clock.monotonic()
      })
      await world.clock.sleep(message.data % 2 === 0 ? 500 : 5_000, signal)
    }
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 64 }))
    for (const id of range(10)) {
      await world.run(process.broker.publish(orders, Number(id), { id }))
      await world.clock.advance(50)
    }
    await world.clock.advance(10_000)
    expect(aborted).toEqual({ 1: 1_000, 3: 1_100, 5: 1_200, 7: 1_300, 9: 1_400 })
    await world.end()
  })

  test('handlers that honour the signal never overlap in one message or key, through timeouts and retries', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { timeout: '1s', retry: { attempts: 3, delays: [0] } })
    const handler = world.recorder.handler(async (message: Message<number>, { signal, attempt }: Context) => {
      try {
        await world.clock.sleep(message.data % 3 === attempt - 1 ? 5_000 : 600, signal)
      } finally {
        await world.clock.sleep(300)
      }
    })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 16 }))
    await world.publish(process, orders, 60, n => `k${n % 7}`)
    await world.clock.advance(120_000)
    expect(world.recorder.overlapping('id')).toEqual([])
    expect(world.recorder.overlapping('key')).toEqual([])
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(60))
    expect(world.recorder.runs.some(run => run.aborted)).toBe(true)
    await world.end()
  })
})

describe('leases are renewed for as long as a handler runs', () => {
  test('a handler that takes four times the lease runs once', async () => {
    const world = new World()
    const process = await world.start({ lease: '3s' })
    const other = await world.start({ lease: '3s' })
    const billing = orders.subscription('billing', { timeout: '1m' })
    const handler = world.recorder.handler(() => world.clock.sleep(12_000))
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.run(other.broker.subscribe(billing, handler))
    await world.clock.advance(60_000)
    expect(world.recorder.runs).toHaveLength(1)
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })

  test('what is held and has not started is renewed too', async () => {
    const world = new World()
    const process = await world.start({ lease: '3s' })
    const billing = orders.subscription('billing', { timeout: '1m' })
    const losses: number[] = []
    const handler = world.recorder.handler((_: Message<number>, context: Context) => {
      losses.push(context.losses)
      return world.clock.sleep(10_000)
    })
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 3)
    const other = await world.start({ lease: '3s' })
    await world.run(other.broker.subscribe(billing, handler))
    await world.clock.advance(60_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '3'])
    expect(losses).toEqual([0, 0, 0])
    await world.end()
  })

  test('a message whose settlement cannot be stored yet is not handed to anybody else', async () => {
    const world = new World()
    const process = await world.start({ lease: '3s' })
    const other = await world.start({ lease: '3s' })
    const billing = orders.subscription('billing', { retry: { attempts: 1 } })
    const handler = world.recorder.handler(() => {
      throw new Error('fails')
    })
    process.adapter.settleExceptions('failed', { times: 10 })
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.run(other.broker.subscribe(billing, handler))
    await world.clock.advance(120_000)
    expect(world.recorder.runs).toHaveLength(1)
    expect(await world.dead(process, billing)).toHaveLength(1)
    await world.end()
  })

  test('a settlement that goes on failing is tried with growing delays', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    process.adapter.settleExceptions('failed', { times: 1_000 })
    await world.run(process.broker.subscribe(billing, () => undefined))
    await world.publish(process, orders, 1)
    await world.clock.advance(60_000)
    expect(process.adapter.calls('settle')).toBeGreaterThan(10)
    expect(process.adapter.calls('settle')).toBeLessThan(45)
    await world.end()
  })

  test('no lease is held up by one that cannot be renewed for a moment', async () => {
    const world = new World()
    const process = await world.start({ lease: '3s' })
    const billing = orders.subscription('billing', { timeout: '1m' })
    const handler = world.recorder.handler(() => world.clock.sleep(12_000))
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    process.adapter.failBefore('renew', { times: 1 })
    await world.clock.advance(60_000)
    expect(world.recorder.runs.map(run => run.aborted)).toEqual([false])
    await world.end()
  })
})

describe('guarantee 11: a stale settle', () => {
  test('of a delivery that was taken away changes nothing, and is reported', async () => {
    const world = new World()
    const process = await world.start()
    const other = await world.start()
    const billing = orders.subscription('billing', { timeout: '1m' })
    const signals: AbortSignal[] = []
    const slow = async (_: Message<number>, { signal }: Context) => {
      signals.push(signal)
      await world.clock.sleep(10_000)
    }
    await world.run(process.broker.subscribe(billing, world.recorder.handler(slow, { process: 'slow' })))
    await world.publish(process, orders, 1)
    await world.clock.advance(1_000)
    const second = world.recorder.handler(() => world.clock.sleep(20_000), { process: 'second' })
    await world.run(other.broker.subscribe(billing, second))
    expect(process.adapter.takeLeases()).toBe(1)
    expect(signals[0]?.aborted).toBe(true)
    expect(signals[0]?.reason).toMatchObject({ code: 'STALE' })
    await world.clock.advance(12_000)
    // The first has ended long ago; the message is still the second one's.
    expect(process.eventIds('delivery.acked')).toEqual([])
    expect(process.eventIds('delivery.lost')).toEqual(['1'])
    expect(await world.run(process.broker.counts(billing))).toMatchObject({ leased: 1 })
    await world.clock.advance(20_000)
    expect(other.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })

  test('that the broker answers is reported, and the message is run again', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    process.adapter.settleExceptions('stale', { times: 1 })
    await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    await world.publish(process, orders, 2)
    await world.clock.advance(60_000)
    expect(process.eventIds('delivery.stale')).toEqual(['1'])
    expect(world.recorder.ids()).toEqual(['1', '2', '1'])
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(['1', '2'])
    await world.end()
  })

  test('that only a renewal reveals is told to the handler at a third of the lease', async () => {
    const world = new World()
    const deaf = (adapter: Adapter): Adapter => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      classify: error => adapter.classify(error),
      connect: async (environment, events) => {
        const connection = await adapter.connect(environment, events)
        const { open } = connection.subscriber
        connection.subscriber.open = (spec, options, told) =>
          open.call(connection.subscriber, spec, options, { ...told, lost: () => {} })
        return connection
      },
    })
    const process = await world.start({ wrap: deaf })
    const billing = orders.subscription('billing', { timeout: '1m' })
    const aborted: number[] = []
    const handler = async (_: Message<number>, { signal }: Context) => {
      signal.addEventListener('abort', () => aborted.push(world.clock.monotonic()))
      await world.clock.sleep(25_000, signal)
    }
    const consumer = await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(1_000)
    consumer.pause()
    process.adapter.takeLeases()
    await world.clock.advance(20_000)
    expect(aborted).toEqual([10_000])
    await world.end()
  })

  test('where core itself gives a silent connection up, the handler goes on, and is told when its lease ends before there is another', async () => {
    const world = new World()
    const process = await world.start()
    const other = await world.start()
    const billing = orders.subscription('billing', { timeout: '10m' })
    const aborted: number[] = []
    const handler = async (_: Message<number>, { signal }: Context) => {
      signal.addEventListener('abort', () => aborted.push(world.clock.monotonic()))
      await world.clock.sleep(200_000, signal)
    }
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(other, orders, 1)
    await world.clock.settle()
    process.adapter.loseReplies('renew', { hang: true })
    await world.until(() => process.adapter.generation === 2)
    await world.clock.advance(60_000)
    expect(aborted).toEqual([])
    process.adapter.loseReplies('renew', { hang: true })
    process.adapter.refuse()
    await world.clock.advance(60_000)
    expect(aborted).toHaveLength(1)
    const down = process.events.filter(({ name }) => name === 'consumer.down').at(-1)?.at as number
    expect(aborted[0]).toBeGreaterThan(down)
    expect(aborted[0]).toBeLessThanOrEqual(down + 30_000)
    await world.end()
  })

  test('after renewals have failed for a whole lease, core itself tells the handler', async () => {
    const world = new World()
    const process = await world.start({ lease: '3s' })
    const other = await world.start({ lease: '3s' })
    const billing = orders.subscription('billing', { timeout: '1m' })
    const aborted: number[] = []
    const handler = async (_: Message<number>, { signal }: Context) => {
      signal.addEventListener('abort', () => aborted.push(world.clock.monotonic()))
      await world.clock.sleep(30_000, signal)
    }
    const consumer = await world.run(process.broker.subscribe(billing, world.recorder.handler(handler)))
    await world.publish(process, orders, 1)
    process.adapter.failBefore('renew', { times: 100 })
    await world.run(other.broker.subscribe(billing, world.recorder.handler(handler)))
    await world.clock.advance(2_999)
    expect(aborted).toEqual([])
    await world.clock.advance(1)
    expect(aborted).toEqual([3_000])
    consumer.pause()
    await world.clock.advance(60_000)
    expect(world.recorder.overlapping()).toEqual([])
    expect(other.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })

  test('slow renewals count from when they were asked for', async () => {
    const world = new World()
    const process = await world.start({ lease: '9s' })
    const billing = orders.subscription('billing', { timeout: '5m' })
    const handler = world.recorder.handler(() => world.clock.sleep(60_000))
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    process.adapter.delay('renew', 2_900, { side: 'reply' })
    await world.clock.advance(120_000)
    expect(world.recorder.runs.map(run => run.aborted)).toEqual([false])
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })
})
