import type { Connection, SourceEvents } from '@pluribus/core/driver'
import type { DeliveryQueue } from '@pluribus/queue'
import { describe, expect, test } from 'vitest'
import { failure, idsOf, LEASE, open, publish, ready, spec } from './kit.js'

/** Opens a source of one consumer, and notes what it is told. */
async function openAs(connection: Connection, generation: number, id = 1, lease = LEASE) {
  const ended: unknown[] = []
  let wakes = 0
  const events: SourceEvents = { wake: () => void wakes++, lost() {}, ended: cause => void ended.push(cause) }
  const options = { window: 8, lease, consumer: { id, generation } }
  const source = await connection.subscriber.open(spec(), options, events)
  const ids = async (max: number) => idsOf((await source.pull(max)).deliveries)
  return { source, ended, ids, wakes: () => wakes }
}

/** One message after the other, and the first source of a consumer that holds three of them. */
async function holding() {
  const setup = await ready()
  await setup.consumer.source.close()
  await publish(setup, ['a'], ['b'], ['c'], ['d'], ['e'])
  const first = await openAs(setup.connection, 1)
  const { deliveries } = await first.source.pull(3)
  return { ...setup, first, deliveries }
}

describe('the next source of a consumer', () => {
  test('takes over what the one before holds, on whichever connection, and gets it first', async () => {
    const { connect, first, connection } = await holding()
    const second = await openAs(await connect('a'), 2)
    expect([first.source.transferred, second.source.transferred]).toEqual([0, 3])
    const other = await open(await connect('b'))
    expect(await other.ids(1)).toEqual(['d'])
    expect((await connection.persistence.counts(spec())).leased).toBe(4)
    expect([await second.ids(2), await second.ids(9)]).toEqual([
      ['a', 'b'],
      ['c', 'e'],
    ])
  })

  test('ends the one before, whose late words are stale, and told so', async () => {
    const { first, connection, deliveries } = await holding()
    const { source } = first
    const second = await openAs(connection, 2)
    const [a, b, c] = deliveries
    expect(first.ended).toMatchObject([{ code: 'STALE' }])
    const error = failure(1)
    const others = [{ kind: 'retry', token: b?.token as never, delay: 5, error }] as const
    const settled = await source.settle({ acks: [a?.token as never], others })
    expect(settled.map(({ token, kind }) => [token, kind])).toEqual([
      [a?.token, 'stale'],
      [b?.token, 'stale'],
    ])
    expect(await source.renew?.(deliveries)).toEqual(deliveries.map(({ token }) => token))
    await expect(source.mark(c as never)).rejects.toMatchObject({ code: 'STALE' })
    await expect(source.pull(1)).rejects.toMatchObject({ code: 'STALE' })
    await source.close()
    await expect(source.pull(1)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await second.ids(3)).toEqual(['a', 'b', 'c'])
    expect((await openAs(connection, 3)).source.transferred).toBe(3)
  })

  test('takes over what its connection held when that was closed, and nobody else does', async () => {
    const { connection, connect, first } = await holding()
    await connection.close()
    const other = await open(await connect('b'))
    expect(await other.ids(9)).toEqual(['d', 'e'])
    const second = await openAs(await connect('a'), 2)
    expect([await second.ids(9), first.ended]).toEqual([['a', 'b', 'c'], []])
  })

  test('takes nothing where the one before has closed', async () => {
    const { connection, first } = await holding()
    await first.source.close()
    const second = await openAs(connection, 2)
    expect([second.source.transferred, await second.ids(9)]).toEqual([0, ['a', 'b', 'c', 'd', 'e']])
  })

  test('of another consumer, of another broker, or of nobody takes nothing', async () => {
    const { connection, connect } = await holding()
    for (const stranger of [
      (await openAs(connection, 2, 2)).source,
      (await openAs(await connect('b'), 2)).source,
      (await open(connection)).source,
    ])
      expect(stranger.transferred).toBe(0)
  })

  test('that comes too late is refused, and takes nothing', async () => {
    const { connection, first } = await holding()
    const third = await openAs(connection, 3)
    await expect(openAs(connection, 2)).rejects.toMatchObject({ code: 'STALE' })
    await expect(openAs(connection, 3)).rejects.toMatchObject({ code: 'STALE' })
    expect([third.ended.length, first.ended.length]).toEqual([0, 1])
    expect(await third.ids(9)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('that closes before it has pulled gives back what came over, counting nothing', async () => {
    const { connection, connect } = await holding()
    const second = await openAs(connection, 2)
    await second.source.close()
    const other = await open(await connect('b'))
    expect(await other.pull(3)).toMatchObject([{ losses: 0 }, { losses: 0 }, { losses: 0 }])
  })

  test('that dies in its turn leaves one loss each, when the lease of the transfer has ended', async () => {
    const { connection, connect, clock } = await holding()
    clock.pass(LEASE - 1)
    const second = await openAs(connection, 2)
    const other = await open(await connect('b'))
    await other.drain(9)
    clock.pass(LEASE - 1)
    const { dueIn } = await other.source.pull(9)
    expect(dueIn).toBe(1)
    clock.pass(1)
    expect(await other.pull(3)).toMatchObject([
      { message: { id: 'a' }, losses: 1 },
      { message: { id: 'b' }, losses: 1 },
      { message: { id: 'c' }, losses: 1 },
    ])
    expect(await second.ids(9)).toEqual([])
  })

  test('says that there is more where a suspect came over behind others', async () => {
    const { connection, connect, clock, consumer, ...setup } = await ready()
    await consumer.source.close()
    await publish({ connection, connect, clock, ...setup }, ['a'], ['b'])
    const first = await openAs(connection, 1, 1, 9 * LEASE)
    await first.ids(1)
    for (const instance of ['x', 'y']) {
      await (await open(await connect(instance))).pull(1)
      clock.pass(LEASE)
    }
    expect(await first.ids(1)).toEqual(['b'])
    const second = await openAs(connection, 2)
    const { deliveries, more } = await second.source.pull(9)
    expect([idsOf(deliveries), more, await second.ids(9)]).toEqual([['a'], true, ['b']])
  })

  test('says that there is more where a suspect came over alone before others', async () => {
    const { connection, connect, clock, consumer, ...setup } = await ready()
    await consumer.source.close()
    await publish({ connection, connect, clock, ...setup }, ['a'])
    for (const instance of ['x', 'y']) {
      await (await open(await connect(instance))).pull(1)
      clock.pass(LEASE)
    }
    await publish({ connection, connect, clock, ...setup }, ['b'])
    const first = await openAs(connection, 1)
    expect([await first.ids(9), await first.ids(9)]).toEqual([['a'], ['b']])
    const second = await openAs(connection, 2)
    const alone = await second.source.pull(9)
    expect([idsOf(alone.deliveries), alone.deliveries[0]?.suspect, alone.more]).toEqual([['a'], true, true])
    const rest = await second.source.pull(9)
    expect([idsOf(rest.deliveries), rest.more]).toEqual([['b'], undefined])
  })
})

describe('what is left behind', () => {
  test('wakes the others when its leases end, not before', async () => {
    const { connection, connect, clock } = await holding()
    const other = await open(await connect('b'))
    await other.drain(9)
    await connection.close()
    expect((await other.source.pull(9)).dueIn).toBe(LEASE)
    clock.pass(LEASE)
    expect(await other.ids(9)).toEqual(['a', 'b', 'c'])
  })

  test('wakes the others earlier where the lease of the next source is shorter', async () => {
    const { connection, connect, clock } = await holding()
    const other = await open(await connect('b'))
    await other.drain(9)
    await connection.close()
    expect((await other.source.pull(9)).dueIn).toBe(LEASE)
    await openAs(await connect('a'), 2, 1, 1_000)
    expect(other.told.wakes).toBe(1)
    expect((await other.source.pull(9)).dueIn).toBe(1_000)
    clock.pass(1_000)
    expect(await other.ids(9)).toEqual(['a', 'b', 'c'])
  })

  test('a wake-up that went to the source before goes on to another', async () => {
    const { connection, connect, first, ...setup } = await holding()
    const other = await open(await connect('b'))
    expect([await other.ids(9), await first.ids(9)]).toEqual([['d', 'e'], []])
    await publish({ connection, connect, ...setup }, ['f'])
    const told = first.wakes() + other.told.wakes
    expect(told).toBe(1)
    await openAs(await connect('a'), 2)
    expect(other.told.wakes).toBe(1)
  })

  test('is forgotten once nothing of it is leased any more', async () => {
    const { store, connect, clock } = await holding()
    const queue = store.topics.get(spec().topic)?.subscription('billing').queue as DeliveryQueue
    for (let each = 0; each < 3; each++) {
      const connection = await connect('b')
      await (await openAs(connection, 1, each)).ids(1)
      await connection.close()
    }
    clock.pass(LEASE)
    const heir = await open(await connect('c'))
    await heir.ids(9)
    await open(await connect('c'))
    // Sessions 1 and 2 are of the setup; 3 to 5 were left behind, and closed: an open one would refuse another instance.
    for (const session of [3, 4, 5]) expect(queue.transfer(session, 6, clock.monotonic())).toBe(0)
  })
})
