import { type Context, fifo, lifo, type Message, priority, topic } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { timeout: '10m' })

describe('guarantee 8: a cut connection changes no order', () => {
  for (const [concurrency, prefetch] of [
    [1, 0],
    [1, 64],
    [3, 0],
    [3, 8],
    [16, 64],
  ] as const) {
    for (const outage of [0, 500, 29_000, 100_000]) {
      test(`fifo, ${concurrency} at once, ${prefetch} ahead, away for ${outage} ms: nothing begins after a newer one, or twice`, async () => {
        const world = new World()
        const process = await world.start()
        const other = await world.start()
        const handler = world.recorder.handler((message: Message<number>) => world.clock.sleep(7 + (message.data % 5)))
        await world.run(process.broker.subscribe(billing, handler, { concurrency, prefetch }))
        await world.publish(other, orders, 60)
        await world.clock.advance(20)
        const begun = world.recorder.runs.length
        const back = await world.cut(process, outage)
        await world.run(other.broker.publish(orders, 61, { id: '61' }))
        await world.until(() => world.recorder.runs.length > begun)
        // Not after the rest of a lease.
        expect(world.clock.monotonic() - back).toBeLessThanOrEqual(20)
        await world.clock.advance(2_000)
        expect(world.recorder.ids()).toEqual(range(61))
        expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(61))
        await world.end()
      })
    }
  }

  test('through one cut after the other, faster than the source can pull', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(40))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4, prefetch: 16 }))
    await world.publish(process, orders, 80)
    for (let cuts = 0; cuts < 30; cuts++) {
      await world.clock.advance(11)
      const release = cuts % 3 === 0 ? process.adapter.hold('pull') : undefined
      await world.cut(process, 0)
      await world.clock.advance(5)
      if (release !== undefined) process.adapter.cut()
      release?.()
    }
    await world.clock.advance(60_000)
    expect(world.recorder.ids()).toEqual(range(80))
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(80))
    await world.end()
  })

  test('where sources end and leave what they held leased', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(40))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4, prefetch: 16 }))
    await world.publish(process, orders, 80)
    for (let ends = 0; ends < 5; ends++) {
      await world.clock.advance(30)
      process.adapter.endSources(undefined, { giveBack: false })
      await world.until(() => process.adapter.held.length > 0)
    }
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual(range(80))
    await world.end()
  })

  test('the messages of a key, with a retry that fails on both sides of the cut', async () => {
    const world = new World()
    const process = await world.start()
    const runs: string[] = []
    const keyed = orders.subscription('keyed', { retry: { attempts: 3, delays: [100] } })
    const handler = world.recorder.handler(async (message: Message<number>, { attempt }: Context) => {
      runs.push(`${message.data}/${attempt}`)
      await world.clock.sleep(50)
      if (message.data === 1 && attempt < 3) throw new Error('as it should')
    })
    await world.run(process.broker.subscribe(keyed, handler, { concurrency: 4 }))
    await world.publish(process, orders, 3, () => 'a')
    await world.clock.advance(25)
    await world.cut(process, 300)
    await world.clock.advance(1_000)
    expect(runs).toEqual(['1/1', '1/2', '1/3', '2/1', '3/1'])
    await world.end()
  })
})

describe('guarantee 7: what a cut connection held is free for nobody else', () => {
  for (const discipline of [fifo(), lifo(), priority({ levels: 10 })]) {
    for (const prefetch of [0, 32]) {
      test(`${discipline.kind}, ${prefetch} ahead: long handlers in every slot keep their messages through the cut, beside a hungry process`, async () => {
        const world = new World()
        const long = orders.subscription('long', { discipline, timeout: '10m' })
        const [process, other] = [await world.start(), await world.start()]
        const slow = world.recorder.handler(() => world.clock.sleep(120_000), { process: process.name })
        await world.run(process.broker.subscribe(long, slow, { concurrency: 4, prefetch }))
        await world.publish(process, orders, 4)
        await world.clock.settle()
        const quick = world.recorder.handler(() => world.clock.sleep(10), { process: other.name })
        await world.run(other.broker.subscribe(long, quick, { concurrency: 4, prefetch }))
        for (let cuts = 0; cuts < 3; cuts++) {
          await world.cut(process, 20_000)
          await world.clock.advance(1_000)
          expect(process.adapter.held).toHaveLength(4)
        }
        await world.clock.advance(120_000)
        expect(world.recorder.runs.map(run => run.process)).toEqual(Array(4).fill(process.name))
        expect(world.recorder.runs.map(run => run.aborted)).toEqual(Array(4).fill(false))
        expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(4))
        await world.end()
      })
    }
  }

  test('nor while core itself gives a silent connection up, whichever call was not answered', async () => {
    for (const operation of ['open', 'pull', 'renew', 'settle'] as const) {
      const world = new World()
      const [process, other] = [await world.start(), await world.start()]
      const slow = world.recorder.handler(() => world.clock.sleep(40_000), { process: process.name })
      await world.run(process.broker.subscribe(billing, slow, { concurrency: 4 }))
      await world.publish(other, orders, 4)
      await world.clock.settle()
      const quick = world.recorder.handler(() => world.clock.sleep(10), { process: other.name })
      await world.run(other.broker.subscribe(billing, quick))
      process.adapter.loseReplies(operation, { hang: true })
      if (operation === 'open') process.adapter.cut()
      await world.clock.advance(120_000)
      expect(process.adapter.generation, operation).toBeGreaterThan(1)
      expect(world.recorder.runs.map(run => run.process)).toEqual(Array(4).fill(process.name))
      expect(process.eventIds('delivery.lost')).toEqual([])
      await world.end()
    }
  })

  test('what was only fetched by a consumer that is paused meanwhile is given to others as soon as it is back', async () => {
    const world = new World()
    const [process, other] = [await world.start(), await world.start()]
    const slow = world.recorder.handler(() => world.clock.sleep(60_000), { process: process.name })
    const consumer = await world.run(process.broker.subscribe(billing, slow, { concurrency: 1, prefetch: 8 }))
    await world.publish(process, orders, 5)
    await world.clock.settle()
    const quick = world.recorder.handler(() => undefined, { process: other.name })
    await world.run(other.broker.subscribe(billing, quick as never))
    consumer.pause()
    await world.cut(process, 1_000)
    await world.clock.advance(10)
    expect(world.recorder.runs.map(run => run.process)).toEqual([process.name, ...Array(4).fill(other.name)])
    expect(process.adapter.held.map(({ message }) => message.id)).toEqual(['1'])
    await world.clock.advance(60_000)
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })

  test('a consumer that drains takes its messages over too, and settles them', async () => {
    const world = new World()
    const [process, other] = [await world.start(), await world.start()]
    const slow = world.recorder.handler(() => world.clock.sleep(40_000), { process: process.name })
    const consumer = await world.run(process.broker.subscribe(billing, slow, { concurrency: 2, prefetch: 8 }))
    await world.publish(process, orders, 6)
    await world.clock.settle()
    const quick = world.recorder.handler(() => undefined, { process: other.name })
    await world.run(other.broker.subscribe(billing, quick as never))
    const closing = consumer.close({ drain: '1m' })
    await world.cut(process, 1_000)
    await world.run(closing)
    expect(world.clock.monotonic()).toBe(40_000)
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(['1', '2'])
    expect(world.recorder.runs.filter(run => run.process === other.name).map(run => run.id)).toEqual([
      '3',
      '4',
      '5',
      '6',
    ])
    expect(world.recorder.runs).toHaveLength(6)
    await world.end()
  })

  test('a source that is opened when its consumer has closed already gives everything back at once', async () => {
    const world = new World()
    const [process, other] = [await world.start(), await world.start()]
    const slow = world.recorder.handler((_: Message<number>, { signal }: Context) => world.clock.sleep(60_000, signal))
    const consumer = await world.run(process.broker.subscribe(billing, slow, { concurrency: 1, prefetch: 8 }))
    await world.publish(process, orders, 5)
    await world.clock.settle()
    const quick = world.recorder.handler(() => undefined, { process: other.name })
    await world.run(other.broker.subscribe(billing, quick as never))
    const release = process.adapter.hold('open', { side: 'reply' })
    await world.cut(process, 0)
    await world.run(consumer.close({ drain: 0 }))
    expect(other.eventIds('delivery.started')).toEqual([])
    release()
    await world.clock.advance(10)
    expect(other.eventIds('delivery.acked')).toEqual(range(5))
    await world.end()
  })

  test('a source that is opened when its connection has broken already is left to the next one', async () => {
    const world = new World()
    const links: { lost(cause: unknown): void }[] = []
    let opening: Promise<void> | undefined
    const wrap = (adapter: Adapter): Adapter => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      classify: error => adapter.classify(error),
      connect: async (environment, events) => {
        const connection = await adapter.connect(environment, events)
        links.push(events)
        const { subscriber } = connection
        const open: typeof subscriber.open = async (...options) => {
          const source = await subscriber.open(...options)
          await opening
          return source
        }
        return {
          server: connection.server,
          capabilities: connection.capabilities,
          publisher: connection.publisher,
          persistence: connection.persistence,
          subscriber: { open, remove: name => subscriber.remove(name) },
          declare: (...specs) => connection.declare(...specs),
          close: () => connection.close(),
        }
      },
    })
    const [process, other] = [await world.start({ wrap }), await world.start()]
    const slow = world.recorder.handler(() => world.clock.sleep(20_000), { process: process.name })
    await world.run(process.broker.subscribe(billing, slow, { concurrency: 2 }))
    await world.publish(process, orders, 2)
    await world.clock.settle()
    const quick = world.recorder.handler(() => undefined, { process: other.name })
    await world.run(other.broker.subscribe(billing, quick as never))
    let answer = () => {}
    opening = new Promise(resolve => {
      answer = resolve
    })
    // Spurious: the broker still hears the old connections.
    links[0]?.lost(new Error('lost'))
    await world.until(() => links.length === 2)
    await world.clock.settle()
    links[1]?.lost(new Error('lost again'))
    answer()
    await world.clock.settle()
    expect(other.eventIds('delivery.started')).toEqual([])
    await world.clock.advance(60_000)
    expect(world.recorder.runs.map(run => run.process)).toEqual([process.name, process.name])
    expect(process.events.filter(({ name }) => name === 'consumer.up')).toHaveLength(2)
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(2))
    await world.end()
  })

  test('a consumer that is subscribed again while the old one drains takes nothing from it', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(5_000))
    const first = await world.run(process.broker.subscribe(billing, handler, { concurrency: 2, prefetch: 0 }))
    await world.publish(process, orders, 4)
    await world.clock.settle()
    const closing = first.close({ drain: '1m' })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 2, prefetch: 0 }))
    await world.cut(process, 0)
    await world.run(closing)
    await world.clock.advance(20_000)
    expect(world.recorder.ids()).toEqual(range(4))
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(4))
    await world.end()
  })
})

describe('guarantee 5: a cut connection counts nothing', () => {
  test('and the loss of what came back counts once', async () => {
    const world = new World()
    const process = await world.start()
    const losses: number[] = []
    const handler = (_: Message<number>, context: Context) => {
      losses.push(context.losses)
      return world.clock.sleep(100_000, context.signal)
    }
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 1, prefetch: 4 }))
    await world.publish(process, orders, 3)
    await world.clock.advance(10)
    await world.cut(process, 5_000)
    await world.clock.advance(1_000)
    process.adapter.kill()
    const heir = await world.start()
    await world.run(heir.broker.subscribe(billing, (_, context) => void losses.push(context.losses)))
    await world.clock.advance(31_000)
    expect(losses).toEqual([0, 1, 1, 1])
    await world.end()
  })

  test('a suspect that waits for its turn while the connection is cut runs alone, though others came over with it', async () => {
    const world = new World()
    for (const each of [1, 2]) {
      const dying = await world.start({ name: `dying-${each}` })
      const options = { concurrency: 1, prefetch: 0 }
      await world.run(dying.broker.subscribe(billing, () => new Promise<undefined>(() => {}), options))
      if (each === 1) await world.publish(dying, orders, 1)
      await world.until(() => dying.eventIds('delivery.started').length > 0)
      dying.adapter.kill()
    }
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(35_000))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 2, prefetch: 8 }))
    await world.run(
      process.broker.publishMany(
        orders,
        [2, 3, 4].map(data => ({ data, id: String(data) })),
      ),
    )
    // The lease of the second death ends, and the suspect is fetched.
    await world.until(() => process.adapter.held.length === 4)
    await world.cut(process, 0)
    await world.clock.advance(200_000)
    const [suspect] = world.recorder.runsOf('1')
    const beside = world.recorder.runs.filter(
      run =>
        run.id !== '1' && run.startedAt < (suspect?.endedAt ?? 0) && (run.endedAt ?? 0) > (suspect?.startedAt ?? 0),
    )
    expect(beside.map(({ id }) => id)).toEqual([])
    expect(sorted([...new Set(process.eventIds('delivery.acked'))])).toEqual(range(4))
    await world.end()
  })

  test('a suspect whose connection is cut while it runs goes on alone, and its mark stands', async () => {
    const world = new World()
    for (const each of [1, 2]) {
      const dying = await world.start({ name: `dying-${each}` })
      await world.run(dying.broker.subscribe(billing, () => new Promise<undefined>(() => {}), { prefetch: 0 }))
      if (each === 1) await world.publish(dying, orders, 1)
      await world.until(() => dying.eventIds('delivery.started').length > 0)
      dying.adapter.kill()
    }
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(60_000))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
    await world.until(() => process.eventIds('delivery.suspect').length > 0)
    await world.run(process.broker.publish(orders, 2, { id: '2' }))
    await world.cut(process, 500)
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1'])
    process.adapter.kill()
    const heir = await world.start()
    const marks: number[] = []
    await world.run(
      heir.broker.subscribe(billing, (message: Message<number>, context: Context) => {
        if (message.id === '1') marks.push(context.losses)
      }),
    )
    await world.clock.advance(31_000)
    expect(marks).toEqual([3])
    await world.end()
  })
})
