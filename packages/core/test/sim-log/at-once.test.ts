import { reject } from '@pluribus/core'
import type { Source } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { orders, range, World } from './kit.js'

const billing = orders.subscription('billing')
const EVENTS = { wake() {}, lost() {}, ended() {} }

/** A source of `billing` without a broker, with all that was published in hand. */
async function holding(world: World, count: number) {
  const process = await world.start()
  await world.run(process.broker.declare(billing))
  const connection = await world.connect()
  const [spec] = await world.run(connection.persistence.subscriptions())
  if (spec === undefined) throw new Error('The subscription is not declared.')
  const source: Source = await world.run(connection.subscriber.open(spec, { window: 8, lease: 30_000 }, EVENTS))
  await world.publish(process, count)
  await world.clock.advance(100)
  const { deliveries } = await world.run(source.pull(count))
  expect(deliveries).toHaveLength(count)
  return { process, connection, source, tokens: deliveries.map(({ token }) => token) }
}

describe('sim-log: several at once', () => {
  test('subscriptions of one topic that are declared at once, over one connection and over several, are all there', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new World({ seed, latency: { min: 1, max: 30 } })
      const [one, two] = [await world.start(), await world.start()]
      const names = range(12).map(n => `s${n}`)
      await world.run(
        Promise.all(
          names.map((name, n) =>
            (n % 3 === 0 ? two : one).broker.subscribe(orders.subscription(name), () => undefined),
          ),
        ),
      )
      const { persistence } = await world.connect()
      const found = (await world.run(persistence.subscriptions())).map(({ name }) => name)
      expect(found.toSorted()).toEqual(names.toSorted())
      await world.end()
    }
  })

  test('a settle that was under way when the server crashed has perhaps counted: it is not told to be stale', async () => {
    const world = new World({ latency: { min: 2, max: 2 } })
    const { source, tokens } = await holding(world, 2)
    const settling = source.settle({ acks: tokens, others: [] })
    await world.clock.advance(3)
    world.server.crash()
    const exceptions = await world.run(settling)
    expect(exceptions.map(({ kind }) => kind)).toEqual(['failed', 'failed'])
    expect(world.server.groups.get('orders.placed._group.billing')?.commits[0]?.position).toBe(2)
    await world.end()
  })

  test('closing works on a link that is broken, noticed or not, and where the group knows nobody any more', async () => {
    for (const happen of [
      (world: World) => world.server.crash(),
      (world: World) => world.server.disconnect(),
      (world: World) => {
        for (const group of world.server.groups.values()) group.disband()
      },
    ]) {
      for (const later of [0, 1_000]) {
        const world = new World()
        const { source, connection } = await holding(world, 2)
        happen(world)
        await world.clock.advance(later)
        await world.run(source.close())
        await world.run(connection.close())
        await world.end()
      }
    }
  })

  test('of several redrives at once one brings a message back; a claim of one that has died ends', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => reject('NO')))
    await world.publish(process, 3)
    await world.clock.advance(1_000)
    await world.run(consumer.close())
    const others = [await world.start(), await world.start()]
    // Whoever claims first dies before it has copied anything.
    const doomed = await world.connect('doomed')
    const query = { subscription: { topic: 'orders.placed', name: 'billing' } }
    world.server.loseReplies('append')
    await expect(world.run(doomed.persistence.redrive(query))).rejects.toMatchObject({ kind: 'TIMEOUT' })
    expect(await world.run(process.broker.redrive(billing))).toEqual({ redriven: 0, missing: [] })
    await world.clock.advance(10_000)
    const results = await world.run(Promise.all([process, ...others].map(({ broker }) => broker.redrive(billing))))
    expect(results.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(3)
    expect(world.server.channels.get('orders.placed._own.billing')?.partitions[0]?.records).toHaveLength(3)
    expect(await world.dead(process, billing)).toEqual([])
    await world.run(doomed.close())
    await world.end()
  })
})
