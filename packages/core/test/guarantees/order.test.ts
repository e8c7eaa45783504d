import { type Context, createBroker, lifo, type Message, priority, retry, topic } from '@pluribus/core'
import type { Adapter, Source } from '@pluribus/core/driver'
import { unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { describe, expect, test } from 'vitest'
import { range, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')

/** An adapter that notes how many deliveries every pull asks for, and how many it gets. */
function counting(adapter: Adapter, pulls: { wanted: number; got: number }[]): Adapter {
  return {
    name: adapter.name,
    capabilities: adapter.capabilities,
    classify: error => adapter.classify(error),
    connect: async (environment, events) => {
      const connection = await adapter.connect(environment, events)
      const open: typeof connection.subscriber.open = async (...opening) => {
        const source = await connection.subscriber.open(...opening)
        const pull: Source['pull'] = async max => {
          const pulled = await source.pull(max)
          pulls.push({ wanted: max, got: pulled.deliveries.length })
          return pulled
        }
        return {
          pull,
          mark: delivery => source.mark(delivery),
          settle: settled => source.settle(settled),
          renew: batch => source.renew?.(batch) ?? Promise.resolve([]),
          close: () => source.close(),
        }
      }
      const subscriber = { open, remove: connection.subscriber.remove.bind(connection.subscriber) }
      return new Proxy(connection, {
        get: (target, name) => {
          if (name === 'subscriber') return subscriber
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}

describe('guarantee 8: order', () => {
  test('one process begins the runs of a fifo subscription in the order of publishing, across batches and pulls', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const handler = world.recorder.handler((message: Message<number>) =>
      message.data % 5 === 0 ? world.clock.sleep(message.data % 50) : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler as never, { concurrency: 16, prefetch: 32 }))
    const published: Promise<unknown>[] = []
    for (let n = 1; n <= 500; n += 10) {
      const batch = Array.from({ length: 9 }, (_, index) => ({ data: n + index, id: String(n + index) }))
      published.push(process.broker.publishMany(orders, batch))
      published.push(process.broker.publish(orders, n + 9, { id: String(n + 9) }))
      if (n % 7 === 0) await world.clock.advance(20)
    }
    await world.run(Promise.all(published))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(range(500))
    await world.end()
  })

  test('what a source had fetched and given back begins in order too', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const handler = world.recorder.handler(() => world.clock.sleep(10))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 3 }))
    await world.publish(process, orders, 100)
    for (let end = 0; end < 10; end++) {
      await world.clock.advance(25)
      process.adapter.endSources()
    }
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(range(100))
    await world.end()
  })

  test('a retry keeps its place: it goes before everything that has not been fetched when it is due', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [250] } })
    const handler = world.recorder.handler(async (message: Message<number>, { attempt }: Context) => {
      await world.clock.sleep(100)
      if (message.id === '1' && attempt === 1) throw new Error('once')
    })
    await world.run(process.broker.subscribe(billing, handler, { prefetch: 0 }))
    await world.publish(process, orders, 6)
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '3', '4', '1', '5', '6'])
    await world.end()
  })

  for (const [name, discipline] of [
    ['fifo', {}],
    ['lifo', { discipline: lifo() }],
    ['priority', { discipline: priority() }],
  ] as const) {
    test(`messages of a key stay in order through retries while others pass (${name})`, async () => {
      const world = new World()
      const process = await world.start()
      const billing = orders.subscription('billing', { ...discipline, retry: { attempts: 5, delays: [500] } })
      const handler = world.recorder.handler(async (message: Message<number>, { attempt }: Context) => {
        await world.clock.sleep(message.data % 4)
        if (message.data % 6 === 0 && attempt <= 2) throw new Error('twice')
      })
      await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
      await world.publish(process, orders, 120, n => `k${n % 6 === 0 ? 'failing' : n % 6}`)
      await world.clock.advance(120_000)
      expect(world.recorder.overlapping('key')).toEqual([])
      for (const key of ['kfailing', 'k1', 'k5']) {
        const runs = world.recorder.runs.filter(run => run.key === key)
        const firsts = runs.filter(run => run.attempt === 1).map(run => Number(run.id))
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
        // No later one begins before an earlier one is done with, retries and all.
        const ids = runs.map(run => Number(run.id))
        expect(ids).toEqual([...ids].sort((a, b) => a - b))
      }
      const calm = world.recorder.runs.filter(run => run.key === 'k1')
      expect(calm.at(-1)?.endedAt).toBeLessThan(500)
      await world.end()
    })
  }

  test('a delayed message gets its place when it is due', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const handler = world.recorder.handler(() => world.clock.sleep(100))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 2 }))
    await world.run(process.broker.publish(orders, 0, { id: 'late', delay: 250 }))
    await world.publish(process, orders, 4)
    await world.clock.advance(275)
    await world.run(process.broker.publish(orders, 5, { id: '5' }))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '3', '4', 'late', '5'])
    await world.end()
  })

  test('a delayed message that became due before a later publish is begun first, even though no consumer had room at that moment', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const handler = world.recorder.handler(() => world.clock.sleep(1_000))
    await world.run(process.broker.subscribe(billing, handler, { prefetch: 0 }))
    await world.run(process.broker.publish(orders, 0, { id: 'late', delay: 250 }))
    await world.publish(process, orders, 2)
    await world.clock.advance(500)
    expect(world.recorder.ids()).toEqual(['1'])
    await world.run(process.broker.publish(orders, 3, { id: '3' }))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1', '2', 'late', '3'])
    await world.end()
  })

  test('a redriven message gets a new place at the tail', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 1 } })
    let isMended = false
    const handler = world.recorder.handler(async (message: Message<number>) => {
      await world.clock.sleep(100)
      if (message.id === '1' && !isMended) throw new Error('once')
    })
    await world.run(process.broker.subscribe(billing, handler, { prefetch: 0 }))
    await world.publish(process, orders, 4)
    await world.clock.advance(150)
    isMended = true
    expect(await world.run(process.broker.redrive(billing))).toMatchObject({ redriven: 1 })
    await world.run(process.broker.publish(orders, 5, { id: '5' }))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '3', '4', '1', '5'])
    expect(world.recorder.runs.map(run => run.attempt)).toEqual([1, 1, 1, 1, 1, 1])
    await world.end()
  })
})

describe('guarantee 9: lifo and priority', () => {
  test('lifo begins the youngest of everything that waits, at each free slot', async () => {
    const world = new World()
    const process = await world.start()
    const stack = orders.subscription('stack', { discipline: lifo() })
    await world.run(process.broker.declare(stack))
    await world.publish(process, orders, 5)
    const handler = world.recorder.handler(() => world.clock.sleep(100))
    await world.run(process.broker.subscribe(stack, handler))
    await world.clock.advance(150)
    await world.run(process.broker.publish(orders, 6, { id: '6' }))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['5', '4', '6', '3', '2', '1'])
    await world.end()
  })

  test('priority begins the most urgent of everything that waits, equals in order', async () => {
    const world = new World()
    const process = await world.start()
    const express = orders.subscription('express', { discipline: priority({ levels: 10 }) })
    await world.run(process.broker.declare(express))
    const publish = (id: string, urgency: number) => process.broker.publish(orders, 0, { id, priority: urgency })
    for (const [id, urgency] of [
      ['a0', 0],
      ['a5', 5],
      ['b5', 5],
      ['a9', 9],
      ['b0', 0],
    ] as const) {
      await world.run(publish(id, urgency))
    }
    const handler = world.recorder.handler(() => world.clock.sleep(100))
    await world.run(process.broker.subscribe(express, handler))
    await world.clock.advance(150)
    await world.run(publish('c9', 9))
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['a9', 'a5', 'c9', 'b5', 'a0', 'b0'])
    await world.end()
  })

  test('with a key the order of the key wins, and goes on without a pause', async () => {
    const world = new World()
    const process = await world.start()
    const express = orders.subscription('express', { discipline: priority({ levels: 10 }) })
    await world.run(process.broker.declare(express))
    for (const [id, urgency, key] of [
      ['1', 0, 'k'],
      ['2', 9, 'k'],
      ['3', 5, undefined],
    ] as const) {
      await world.run(process.broker.publish(orders, 0, { id, priority: urgency, ...(key ? { key } : {}) }))
    }
    await world.run(
      process.broker.subscribe(
        express,
        world.recorder.handler(() => world.clock.sleep(100)),
      ),
    )
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(['3', '1', '2'])
    expect(world.recorder.runs.map(run => run.startedAt)).toEqual([0, 100, 200])
    await world.end()
  })

  test('a broker that orders only its window is refused unless the subscription allows it, before any side effect', async () => {
    const clock = new VirtualClock()
    const adapter = unreliable(memory(), { capabilities: { priority: 'windowed', lifo: 'none' } })
    const broker = await clock.run(createBroker({ adapter, environment: clock.environment() }))
    const strict = orders.subscription('strict', { discipline: priority() })
    const lenient = orders.subscription('lenient', { discipline: priority({ atLeast: 'windowed' }) })
    const stack = orders.subscription('stack', { discipline: lifo({ atLeast: 'windowed' }) })
    for (const refused of [strict, stack]) {
      await expect(clock.run(broker.subscribe(refused, () => undefined))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    }
    expect(adapter.calls('declare') + adapter.calls('open')).toBe(0)
    expect(broker.check(strict, lenient, stack).map(({ subject }) => subject)).toEqual([
      'orders.placed/strict',
      'orders.placed/stack',
    ])
    await clock.run(broker.subscribe(lenient, () => undefined))
    await clock.run(broker.close())
  })
})

describe('concurrency and prefetch', () => {
  for (const concurrency of [1, 3, 64]) {
    test(`never more than ${concurrency} handlers at once, and as many as that`, async () => {
      const world = new World()
      const process = await world.start()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [50] } })
      const handler = world.recorder.handler(async (message: Message<number>, { attempt }: Context) => {
        await world.clock.sleep(message.data % 90)
        return message.data % 11 === attempt ? retry() : undefined
      })
      await world.run(process.broker.subscribe(billing, handler, { concurrency }))
      await world.publish(process, orders, 400)
      await world.clock.advance(1_000)
      process.adapter.endSources()
      await world.clock.advance(1_000)
      process.adapter.cut()
      await world.clock.advance(100_000)
      expect(world.recorder.maxConcurrent()).toBe(concurrency)
      await world.end()
    })
  }

  test('fifo pulls one window ahead, and half a window at a time', async () => {
    const pulls: { wanted: number; got: number }[] = []
    const world = new World()
    const process = await world.start({ wrap: adapter => counting(adapter, pulls) })
    const billing = orders.subscription('billing')
    await world.run(process.broker.declare(billing))
    await world.publish(process, orders, 100)
    const handler = world.recorder.handler(() => world.clock.sleep(10))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4, prefetch: 16 }))
    await world.clock.settle()
    expect(pulls[0]).toEqual({ wanted: 20, got: 20 })
    expect((await world.run(process.broker.counts(billing))).leased).toBe(20)
    await world.clock.advance(10_000)
    const full = pulls.filter(({ got }) => got > 0)
    expect(full.length).toBeLessThanOrEqual(1 + Math.ceil(80 / 8))
    expect(full.reduce((sum, { got }) => sum + got, 0)).toBe(100)
    await world.end()
  })

  for (const discipline of [lifo(), priority()]) {
    test(`${discipline.kind} pulls exactly its free slots`, async () => {
      const pulls: { wanted: number; got: number }[] = []
      const world = new World()
      const process = await world.start({ wrap: adapter => counting(adapter, pulls) })
      const stack = orders.subscription('stack', { discipline })
      await world.run(process.broker.declare(stack))
      await world.publish(process, orders, 20)
      const handler = world.recorder.handler((message: Message<number>) => world.clock.sleep(10 + message.data))
      await world.run(process.broker.subscribe(stack, handler, { concurrency: 4, prefetch: 256 }))
      await world.clock.settle()
      expect(pulls).toEqual([{ wanted: 4, got: 4 }])
      await world.clock.advance(10_000)
      for (const { wanted } of pulls) expect(wanted).toBeLessThanOrEqual(4)
      expect(
        pulls
          .filter(({ got }) => got > 0)
          .slice(1)
          .every(({ wanted }) => wanted === 1),
      ).toBe(true)
      await world.end()
    })
  }
})
