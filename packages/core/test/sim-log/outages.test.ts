import { type Context, type Message, reject, retry, type Subscription, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { orders, type Process, range, sorted, World } from './kit.js'

const billing = orders.subscription('billing', { retry: { attempts: 5, delays: ['30s'] } })

/** One hundred messages, of which the first is held for its retry while the others are handled. */
async function oneHeld(world: World, process: Process, subscription: Subscription<number> = billing): Promise<void> {
  const handler = world.recorder.handler(
    (message: Message<number>, { attempt }: Context) => (message.data === 1 && attempt === 1 ? retry() : undefined),
    { process: process.name },
  )
  await world.run(process.broker.subscribe(subscription, handler as never))
}

describe('sim-log: outages', () => {
  test('what was done above the floor is not delivered again after a crash, where the server has room to store it', async () => {
    for (const [noteBytes, expected] of [
      [4_096, ['1']],
      [0, range(50)],
    ] as const) {
      const world = new World({ noteBytes })
      const first = await world.start()
      await oneHeld(world, first)
      await world.publish(first, 50, { key: n => `k${n}` })
      await world.clock.advance(1_000)
      expect(sorted(world.recorder.ids())).toEqual(range(50))
      first.adapter.kill()
      world.recorder.died(first.name)
      const second = await world.start()
      await oneHeld(world, second)
      await world.clock.advance(60_000)
      const again = world.recorder.runs.filter(run => run.process === second.name)
      expect(sorted([...new Set(again.map(run => run.id))])).toEqual(expected)
      // The count of the held retry died with its process: a run more, never one fewer.
      expect(again.filter(run => run.id === '1').map(run => run.attempt)).toEqual([1, 2])
      await world.end()
    }
  })

  test('a held retry fills the span, the partition waits for it, and goes on', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler((message: Message<number>, { attempt }: Context) =>
      message.data === 1 && attempt === 1 ? retry() : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler as never, { prefetch: 0 }))
    await world.publish(process, 500, { key: n => `k${n}` })
    await world.clock.advance(20_000)
    // The smallest span: 64 positions from the first unsettled one on.
    expect(world.recorder.ids()).toEqual(range(64))
    await world.clock.advance(20_000)
    expect(sorted([...new Set(world.recorder.ids())])).toEqual(range(500))
    await world.end()
  })

  for (const rebalancing of ['eager', 'cooperative'] as const) {
    test(`a consumer that joins takes over half of the partitions; nothing is lost or in two hands (${rebalancing})`, async () => {
      const world = new World({ rebalancing })
      const wide = topic<number>('wide', { partitions: 6 })
      const each = wide.subscription('each')
      const handler = (name: string) =>
        world.recorder.handler((_: Message<number>) => world.clock.sleep(20), { process: name })
      const one = await world.start()
      const two = await world.start()
      await world.run(one.broker.subscribe(each, handler('p1'), { concurrency: 2, prefetch: 2 }))
      await world.publish(one, 400, { to: wide })
      await world.clock.advance(500)
      await world.run(two.broker.subscribe(each, handler('p2'), { concurrency: 2, prefetch: 2 }))
      await world.clock.advance(10_000)
      const done = world.recorder.runs.filter(run => run.outcome === 'returned')
      expect(sorted([...new Set(done.map(run => run.id))])).toEqual(range(400))
      const byTwo = done.filter(run => run.process === 'p2').length
      expect(byTwo).toBeGreaterThan(100)
      // Only what was in hand when its partition moved is run twice.
      expect(done.length - 400).toBeLessThan(10)
      const owners = [...world.server.groups.values()].flatMap(group => group.members.map(member => member.owned.size))
      expect(owners).toEqual([3, 3])
      await world.end()
    })
  }

  test('an eager rebalance does not disturb what stays where it is', async () => {
    const world = new World({ rebalancing: 'eager' })
    const process = await world.start()
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => world.clock.sleep(500)),
      ),
    )
    await world.publish(process, 5)
    await world.clock.advance(700)
    world.server.disturb()
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(range(5))
    expect(world.recorder.runs.every(run => !run.aborted)).toBe(true)
    expect(process.happened.filter(({ name }) => name === 'delivery.lost')).toEqual([])
    await world.end()
  })

  test('a handler whose partition goes to another process is told so, and the message is run there', async () => {
    const world = new World({ sessionTimeout: 3_000 })
    const one = await world.start()
    await world.run(
      one.broker.subscribe(
        billing,
        world.recorder.handler(() => world.clock.sleep(4_000), { process: 'p1' }),
      ),
    )
    await world.publish(one, 1)
    await world.clock.advance(100)
    const two = await world.start()
    await world.run(
      two.broker.subscribe(
        billing,
        world.recorder.handler(() => undefined, { process: 'p2' }),
      ),
    )
    world.server.disturb()
    await world.clock.advance(1_000)
    expect(world.recorder.runs.map(run => [run.process, run.aborted])).toEqual([
      ['p1', true],
      ['p2', false],
    ])
    expect(one.happened.map(({ name }) => name)).toEqual(['delivery.lost'])
    await world.end()
  })

  test('consumption resumes after the server has crashed, and a run that went on is settled without running again', async () => {
    const world = new World()
    const process = await world.start()
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => world.clock.sleep(3_000)),
      ),
    )
    await world.publish(process, 2)
    await world.clock.advance(500)
    world.server.crash()
    await world.clock.advance(500)
    world.server.restart()
    await world.clock.advance(20_000)
    expect(world.recorder.ids()).toEqual(range(2))
    expect(world.recorder.runs.every(run => run.outcome === 'returned')).toBe(true)
    await world.end()
  })

  test('a reply to a commit that is lost costs no second run; one to an append may cost a second copy, never the message', async () => {
    const world = new World()
    const process = await world.start()
    const failing = orders.subscription('failing', { retry: { attempts: 2, delays: ['1s'] } })
    const handler = world.recorder.handler((message: Message<number>, { attempt }: Context) => {
      if (message.data !== 2 || attempt !== 1) return
      world.server.loseReplies('append')
      throw new Error('once')
    })
    await world.run(process.broker.subscribe(failing, handler))
    world.server.loseReplies('commit', 2)
    await world.publish(process, 1)
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(['1'])
    await world.run(process.broker.publish(orders, 2, { id: '2' }))
    await world.clock.advance(20_000)
    expect(world.recorder.runsOf('2').map(run => run.attempt)).toEqual([1, 2, 2])
    expect(await world.dead(process, failing)).toEqual([])
    await world.end()
  })

  test('a paused consumer that holds nothing lets others have its partitions, and takes part again when it goes on', async () => {
    const world = new World()
    const [one, two] = [await world.start(), await world.start()]
    const consumer = await world.run(
      one.broker.subscribe(
        billing,
        world.recorder.handler(() => undefined, { process: 'p1' }),
      ),
    )
    await world.clock.advance(100)
    consumer.pause()
    await world.clock.advance(60_000)
    await world.run(
      two.broker.subscribe(
        billing,
        world.recorder.handler(() => undefined, { process: 'p2' }),
      ),
    )
    await world.publish(two, 3)
    await world.clock.advance(5_000)
    expect(world.recorder.runs.map(run => run.process)).toEqual(['p2', 'p2', 'p2'])
    await world.run(two.broker.close())
    consumer.resume()
    await world.publish(one, 6, { from: 4 })
    await world.clock.advance(20_000)
    expect(world.recorder.ids()).toEqual(range(6))
    await world.end()
  })

  test('positions that do not exist are not waited for', async () => {
    const world = new World({ markers: 1 })
    const process = await world.start()
    await world.publish(process, 0)
    await world.run(process.broker.declare(billing))
    await world.publish(process, 40)
    world.server.compact('orders.placed', ({ position }) => position % 4 === 2)
    const left = world.server.channels.get('orders.placed')?.partitions[0]
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => undefined),
      ),
    )
    await world.clock.advance(5_000)
    expect(world.recorder.runs.length).toBe(left?.records.length)
    const [group] = world.server.groups.values()
    const main = group?.commits.find(({ channel }) => channel === 'orders.placed')
    expect(main?.position).toBeGreaterThan(left?.records.at(-1)?.position ?? Number.NaN)
    await world.end()
  })

  test('a copy that is confirmed is not made again because the commit after it was not', async () => {
    const world = new World()
    const process = await world.start()
    const failing = orders.subscription('failing', { retry: { attempts: 3, delays: ['1s'] } })
    const handler = world.recorder.handler((_: Message<number>, { attempt }: Context) => {
      world.server.loseReplies('commit')
      if (attempt === 1) throw new Error('once')
      return reject('NO')
    })
    await world.run(process.broker.subscribe(failing, handler))
    await world.publish(process, 1)
    await world.clock.advance(30_000)
    expect(world.recorder.runs.map(run => run.attempt)).toEqual([1, 2])
    expect(world.server.channels.get('orders.placed._dead.failing')?.partitions[0]?.end).toBe(1)
    await world.end()
  })

  test('a dead letter that is stored twice, because its reply was lost, is one dead letter', async () => {
    const world = new World()
    const process = await world.start()
    const failing = orders.subscription('failing')
    let isArmed = true
    const handler = world.recorder.handler(() => {
      if (isArmed) world.server.loseReplies('append')
      isArmed = false
      return world.recorder.runs.length <= 2 ? reject('NO') : undefined
    })
    await world.run(process.broker.subscribe(failing, handler))
    await world.publish(process, 2)
    await world.clock.advance(30_000)
    expect(world.server.channels.get('orders.placed._dead.failing')?.partitions[0]?.end).toBe(4)
    expect((await world.dead(process, failing)).map(({ message }) => message.id)).toEqual(['1', '2'])
    expect(await world.run(process.broker.redrive(failing))).toEqual({ redriven: 2, missing: [] })
    expect(await world.dead(process, failing)).toEqual([])
    await world.end()
  })

  test('what is done above the floor always fits, whatever comes of what is in hand: what would not is not handed out', async () => {
    const world = new World({ noteBytes: 1_100 })
    const process = await world.start()
    // Every other one is held: nothing costs more to write down.
    const handler = world.recorder.handler((message: Message<number>, { attempt }: Context) =>
      message.data % 2 === 1 && attempt === 1 ? retry() : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler as never, { concurrency: 256 }))
    await world.publish(process, 300, { key: n => `k${n}` })
    await world.clock.advance(20_000)
    expect(new Set(world.recorder.ids()).size).toBeGreaterThan(20)
    expect(new Set(world.recorder.ids()).size).toBeLessThan(40)
    for (let waited = 0; waited < 20; waited++) await world.clock.advance(30_000)
    expect(sorted([...new Set(world.recorder.ids())])).toEqual(range(300))
    expect(world.logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
    await world.end()
  })
})
