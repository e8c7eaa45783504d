import { bytes, lifo, type Message, reject, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { orders, range, World } from './kit.js'

const wide = topic<number>('wide', { partitions: 4 })

describe('sim-log: what outlives a delivery', () => {
  test('history is everything retained, in order, over all partitions, from the start, a time or an id', async () => {
    const world = new World({ markers: 0.5 })
    const { broker } = await world.start()
    const history = async (from: Parameters<typeof broker.history>[1]) =>
      (await world.run(Array.fromAsync(broker.history(wide, from)))).map(message => message.id)
    for (let n = 1; n <= 20; n++) {
      if (n === 11) await world.clock.advance(10_000)
      await world.run(broker.publish(wide, n, { id: String(n) }))
    }
    const middle = world.clock.now() - 5_000
    expect(await history({ from: 'earliest' })).toEqual(range(20))
    expect(await history({ from: { time: middle } })).toEqual(range(20).slice(10))
    expect(await history({ from: { id: '7' } })).toContain('7')
    expect(await history({ from: 'latest' })).toEqual([])
    await expect(history({ from: { id: 'lost' } })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await world.end()
  })

  test('a subscription begins where it was declared to, decided once', async () => {
    const world = new World()
    const process = await world.start()
    await world.publish(process, 3)
    await world.clock.advance(1_000)
    const half = new Date(world.clock.now() - 500)
    await world.publish(process, 5, { from: 4 })
    const late = orders.subscription('late', { from: 'latest' })
    const some = orders.subscription('some', { from: { time: half } })
    await world.run(process.broker.declare(late, some))
    await world.publish(process, 7, { from: 6 })
    for (const subscription of [late, some]) {
      const handler = world.recorder.handler(() => undefined, { process: subscription.name })
      await world.run(process.broker.subscribe(subscription, handler))
    }
    await world.clock.advance(1_000)
    const seen = (name: string) => world.recorder.runs.filter(run => run.process === name).map(run => run.id)
    expect(seen('late')).toEqual(['6', '7'])
    expect(seen('some')).toEqual(['4', '5', '6', '7'])
    await world.end()
  })

  test('of two declarations that differ in what is fixed the first wins, even though both were under way at once', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new World({ seed, latency: { min: 1, max: 30 } })
      const [one, two] = [await world.start(), await world.start()]
      const narrow = topic<number>('contended', { partitions: 2 })
      const broad = topic<number>('contended', { partitions: 3 })
      const results = await world.run(
        Promise.allSettled([one.broker.declare(narrow.subscription('a')), two.broker.declare(broad.subscription('b'))]),
      )
      const refused = results.filter(result => result.status === 'rejected')
      expect(refused).toMatchObject([{ reason: { code: 'CONFLICT' } }])
      const won = results[0]?.status === 'fulfilled' ? { partitions: 2, name: 'a' } : { partitions: 3, name: 'b' }
      expect(world.server.channels.get('contended')?.partitions.length).toBe(won.partitions)
      const { persistence } = await world.connect()
      const names = (await world.run(persistence.subscriptions('contended'))).map(({ name }) => name)
      expect(names).toEqual([won.name])
      await world.end()
    }
  })

  test('settings are overwritten with an event; what is declared again as it is costs no record', async () => {
    const world = new World()
    const process = await world.start()
    const changes: unknown[] = []
    process.broker.on('setting.changed', change => void changes.push(change))
    await world.run(process.broker.declare(orders.subscription('billing')))
    await world.run(process.broker.declare(orders.subscription('billing')))
    expect(world.server.channels.get('_registry')?.partitions[0]?.end).toBe(1)
    await world.run(process.broker.declare(orders.subscription('billing', { timeout: '9s' })))
    expect(changes).toEqual([
      { topic: 'orders.placed', subscription: 'billing', setting: 'timeout', from: 5_000, to: 9_000 },
    ])
    expect(() => process.broker.check(orders.subscription('stack', { discipline: lifo() }))).not.toThrow()
    expect(process.broker.check(orders.subscription('stack', { discipline: lifo() }))).toHaveLength(1)
    await world.end()
  })

  test('removing a subscription ends its consumers and takes its channels along; a new one of that name starts anew', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => reject('NO')),
      ),
    )
    await world.publish(process, 2)
    await world.clock.advance(1_000)
    const { subscriber } = await world.connect()
    await world.run(subscriber.remove(billing.spec))
    // Its consumer declares it again, as it does on every new connection, and everything comes once more.
    await world.clock.advance(30_000)
    expect(world.recorder.ids()).toEqual(['1', '2', '1', '2'])
    await world.run(process.broker.close())
    await world.run(subscriber.remove(billing.spec))
    await world.run(subscriber.remove(billing.spec))
    expect([...world.server.channels.keys()]).toEqual(['_registry', 'orders.placed'])
    expect(world.server.groups.size).toBe(0)
    await world.end()
  })

  test('bytes are the same bytes in every copy, whatever anybody did to his', async () => {
    const world = new World()
    const process = await world.start()
    const images = topic<Uint8Array>('images', { codec: bytes })
    const failing = images.subscription('failing')
    const seen: number[][] = []
    const spoil = (message: Message<Uint8Array>) => {
      seen.push([...message.data])
      message.data.fill(0)
      return reject('NO')
    }
    await world.run(process.broker.subscribe(failing, spoil))
    await world.run(process.broker.publish(images, new Uint8Array([1, 2, 3])))
    await world.clock.advance(1_000)
    const [dead] = await world.run(Array.fromAsync(process.broker.deadLetters(failing)))
    seen.push([...(dead?.message.data ?? [])])
    dead?.message.data.fill(0)
    await world.run(process.broker.redrive(failing))
    await world.clock.advance(1_000)
    const [stored] = await world.run(Array.fromAsync(process.broker.history(images)))
    seen.push([...(stored?.data ?? [])])
    expect(seen).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    await world.end()
  })

  test('a broker drops what is older than the retention says, whether it was handled or not', async () => {
    const world = new World()
    const process = await world.start()
    const brief = topic<number>('brief', { retention: { age: '1m' } })
    const slow = brief.subscription('slow')
    await world.run(process.broker.declare(slow))
    await world.publish(process, 3, { to: brief })
    await world.clock.advance(61_000)
    await world.publish(process, 4, { to: brief, from: 4 })
    await world.run(process.broker.subscribe(slow, world.recorder.handler()))
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(['4'])
    expect(process.adapter.capabilities.retention).toBe('may-drop-pending')
    await world.end()
  })
})
