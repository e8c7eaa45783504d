import type { Connection } from '@pluribus/core/driver'
import type { TestBroker } from '@pluribus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { redis } from '../src/index.js'
import { Follower } from './follower.js'
import { ack, connect, declared, environment, message, onRedis, publish, spec, TOPIC, take, tokensOf } from './kit.js'

const error = { name: 'Error', message: 'once', attempt: 1, time: 0 }
const many = (count: number) => Array.from({ length: count }, (_, n) => message(`m${n}`))
const countsOf = (connection: Connection) => connection.persistence.counts({ topic: TOPIC, name: 'billing' })

/** How often the server has been asked to run a script, since it was started. */
async function calls(server: TestBroker): Promise<number> {
  const admin = new Redis(server.url)
  const info = await admin.info('commandstats')
  admin.disconnect()
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0)
}

/** Who waits, as the server has it. */
async function waiting(server: TestBroker, prefix: string): Promise<string | null> {
  const admin = new Redis(server.url)
  const found = await admin.hget(`{${prefix}:${TOPIC}}:topic`, 'waiting')
  admin.disconnect()
  return found
}

/** Looked at often, because what is waited for takes a millisecond. */
const soon = <T>(look: () => T) => vi.waitFor(look, { timeout: 10_000, interval: 2 })
const SUITE = { timeout: 60_000 }

onRedis('what is published while a source waits', server => {
  describe('is handed over', SUITE, () => {
    test('without being asked for again, leased like anything else', async () => {
      const connection = await declared(server())
      const follower = await Follower.open(connection)
      const before = await calls(server())
      for (const id of ['a', 'b', 'c']) {
        await publish(connection, message(id))
        await soon(() => expect(follower.ids).toContain(id))
      }
      expect((await calls(server())) - before).toBe(3)
      expect(follower.ids).toEqual(['a', 'b', 'c'])
      expect(follower.seen[0]).toMatchObject({ attempt: 1, losses: 0, marks: 0, suspect: false })
      expect(await countsOf(connection)).toMatchObject({ waiting: 0, leased: 3 })
      expect(await follower.source.renew?.(follower.seen)).toEqual([])
      await ack(follower.source, follower.seen)
      expect(await countsOf(connection)).toMatchObject({ waiting: 0, leased: 0 })
      const stale = await follower.source.settle({ acks: tokensOf(follower.seen), others: [] })
      expect(stale.map(({ kind }) => kind)).toEqual(['stale', 'stale', 'stale'])
      await connection.close()
    })

    test('with bytes as they are, batches in their order, and when to look again', async () => {
      const connection = await declared(server())
      const follower = await Follower.open(connection)
      const payload = Uint8Array.from({ length: 300 }, (_, n) => n)
      await publish(connection, message('a', { payload, headers: { x: '\n;é' } }), message('b', { payload: '' }))
      await soon(() => expect(follower.ids).toEqual(['a', 'b']))
      expect(follower.seen.map(({ message: { payload } }) => payload)).toEqual([Buffer.from(payload), ''])
      expect(follower.seen[0]?.message.headers).toEqual({ x: '\n;é' })
      expect(follower.pulls.at(-1)).toMatchObject({ dueIn: expect.any(Number), since: expect.any(Number) })
      await connection.close()
    })

    test('to each subscription, and within one to each source in turn', async () => {
      const connection = await declared(server(), {}, [spec(), spec('shipping')])
      const followers = [await Follower.open(connection), await Follower.open(connection)]
      const other = await Follower.open(connection, 'shipping')
      const before = await calls(server())
      for (const { id } of many(6)) {
        await publish(connection, message(id))
        await soon(() => expect(other.ids).toContain(id))
        await soon(() => expect(followers.flatMap(({ ids }) => ids)).toContain(id))
        for (const follower of [...followers, other]) {
          const last = follower.seen.slice(-1).filter(({ message }) => message.id === id)
          if (last.length > 0) await ack(follower.source, last)
        }
      }
      // A publish each, and two acks.
      expect((await calls(server())) - before).toBe(18)
      expect(followers.map(({ ids }) => ids)).toEqual([
        ['m0', 'm2', 'm4'],
        ['m1', 'm3', 'm5'],
      ])
      expect(other.ids).toEqual(many(6).map(({ id }) => id))
      await connection.close()
    })

    test('also by a forwarder, with its position', async () => {
      const connection = await declared(server())
      const follower = await Follower.open(connection)
      const before = await calls(server())
      await connection.publisher.publishSequenced?.({ name: 'lane', epoch: 1 }, 1, [message('a')])
      await soon(() => expect(follower.ids).toEqual(['a']))
      expect((await calls(server())) - before).toBe(1)
      await connection.close()
    })

    test('for as long as much is published: what stands is renewed before it is used up', async () => {
      const connection = await declared(server())
      const follower = await Follower.open(connection)
      const before = await calls(server())
      for (let n = 0; n < 200; n++) {
        await publish(connection, message(`m${n}`))
        await soon(() => expect(follower.ids).toContain(`m${n}`))
        await ack(follower.source, follower.seen.slice(-1))
      }
      expect(follower.ids).toEqual(many(200).map(({ id }) => id))
      // A publish and an ack each; a claim for every 32 at most.
      const claims = (await calls(server())) - before - 400
      expect(claims).toBeGreaterThan(0)
      expect(claims).toBeLessThan(10)
      await connection.close()
    })
  })

  describe('is not handed over, and wakes', SUITE, () => {
    test.each([
      ['a key', [message('a', { key: 'k' })]],
      ['more than a few', many(17)],
      ['much', [message('a', { payload: 'x'.repeat(20_000) })]],
      ['more than is wanted', many(9)],
    ])('%s', async (_, batch) => {
      const connection = await declared(server())
      const follower = await Follower.open(connection, 'billing', { window: 8 })
      await publish(connection, ...batch)
      await soon(() => expect(follower.ids).toEqual(batch.map(({ id }) => id)))
      expect(follower.pulls.every(({ since }) => since === undefined)).toBe(true)
      await connection.close()
    })

    test('what comes when a retry is due, which stands before it', async () => {
      const connection = await declared(server())
      const follower = await Follower.open(connection)
      await publish(connection, message('first'))
      await soon(() => expect(follower.ids).toEqual(['first']))
      const [{ token }] = follower.seen as [(typeof follower.seen)[number]]
      await follower.source.settle({ acks: [], others: [{ kind: 'retry', token, delay: 50, error }] })
      await soon(async () => expect((await countsOf(connection)).waiting).toBe(1))
      await publish(connection, message('second'))
      await soon(() => expect(follower.ids).toEqual(['first', 'first', 'second']))
      await connection.close()
    })

    test('what comes for sources of another order', async () => {
      const ranked = spec('ranked', { discipline: { kind: 'priority', levels: 3, atLeast: 'exact' } })
      const connection = await declared(server(), {}, [spec(), ranked])
      const [follower, other] = [await Follower.open(connection), await Follower.open(connection, 'ranked')]
      await publish(connection, message('a'))
      await soon(() => expect([...follower.ids, ...other.ids]).toEqual(['a', 'a']))
      await connection.close()
    })
  })

  describe('goes back', SUITE, () => {
    test('at once where nobody pulls it, without counting, and comes to who does', async () => {
      const prefix = 'idle'
      const connection = await declared(server(), { prefix })
      const idle = await Follower.open(connection)
      idle.isIdle = true
      await publish(connection, message('a'))
      await soon(async () => expect(await countsOf(connection)).toMatchObject({ waiting: 1, leased: 0 }))
      expect(idle.wakes).toBeGreaterThan(0)
      // What it does not pull it is not given a second time.
      await soon(async () => expect(await waiting(server(), prefix)).toBe(';'))
      const other = await Follower.open(connection)
      expect(other.seen).toMatchObject([{ message: { id: 'a' }, attempt: 1, losses: 0 }])
      await publish(connection, message('b'))
      await soon(() => expect(other.ids).toEqual(['a', 'b']))
      await connection.close()
    })

    test('with the demand', async () => {
      const prefix = 'withdrawn'
      const connection = await declared(server(), { prefix })
      const [one, other] = [await Follower.open(connection), await Follower.open(connection)]
      expect(await one.source.pull(0)).toEqual({ deliveries: [] })
      expect(await waiting(server(), prefix)).toBe(';billing 2 64 0 0;')
      for (const id of ['a', 'b']) await publish(connection, message(id))
      await soon(() => expect(other.ids).toEqual(['a', 'b']))
      expect(one.ids).toEqual([])
      await connection.close()
    })

    test('with its source, to one that waits, without a loss', async () => {
      const connection = await declared(server())
      const leaving = await Follower.open(connection)
      const staying = await Follower.open(connection)
      leaving.isIdle = true
      const publishing = publish(connection, message('a'))
      await Promise.all([publishing, leaving.source.close()])
      await soon(() => expect(staying.seen).toMatchObject([{ message: { id: 'a' }, losses: 0 }]))
      await connection.close()
    })

    test('when its lease is over, where the process stands still, which is not given everything', async () => {
      const prefix = 'frozen'
      const adapter = redis({ url: server().url, prefix })
      const setup = await declared(server(), { prefix })
      // A process that stands still, as the server sees it: its sockets are there, and nothing comes from it.
      const stood = environment('frozen')
      const still = await adapter.connect(
        { ...stood, timers: { ...stood.timers, setImmediate: () => 0 } },
        { lost() {} },
      )
      const frozen = await Follower.open(still, 'billing', { lease: 1_000 })
      frozen.isIdle = true
      await publish(setup, message('a'))
      await soon(() => expect(frozen.wakes).toBe(1))
      const other = await Follower.open(setup, 'billing', { lease: 1_000 })
      const start = performance.now()
      const ids: string[] = []
      for (let n = 0; performance.now() - start < 900; n++) {
        ids.push(`m${n}`)
        await publish(setup, message(`m${n}`))
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      // Asked again until the lease has ended, as core is told to by dueIn.
      const comeBack = await soon(async () => {
        const found = await take(other.source)
        other.seen.push(...found)
        expect(new Set(other.ids)).toEqual(new Set(['a', ...ids]))
        return other.seen.filter(({ losses }) => losses > 0)
      })
      // For half a second every other one was given to it, and then no more.
      const kept = new Set(comeBack.map(({ message: { id } }) => id))
      expect(kept).toContain('a')
      expect(kept.size).toBeGreaterThan(1)
      expect(kept.size).toBeLessThan(20)
      await still.close()
      await setup.close()
    })
  })

  describe('comes to nobody who is gone', SUITE, () => {
    test('whose connection is closed, and costs the others no time', async () => {
      const prefix = 'gone'
      const setup = await declared(server(), { prefix })
      const gone = await connect(server(), { prefix })
      await Follower.open(gone)
      await gone.close()
      await soon(async () => expect(await listeners(server(), prefix)).toBe(0))
      expect(await waiting(server(), prefix)).toBe(';billing 1 64 0 0;')
      await publish(setup, message('a'))
      expect(await countsOf(setup)).toMatchObject({ waiting: 1, leased: 0 })
      expect(await waiting(server(), prefix)).toBe(';')
      expect((await Follower.open(setup)).seen).toMatchObject([{ losses: 0 }])
      await setup.close()
    })

    test('whose server was started again', async () => {
      const prefix = 'restarted'
      await Follower.open(await declared(server(), { prefix }))
      await server().kill()
      await server().start()
      const connection = await connect(server(), { prefix })
      expect(await waiting(server(), prefix)).toBe(';billing 1 64 0 0;')
      await publish(connection, message('a'))
      expect(await countsOf(connection)).toMatchObject({ waiting: 1, leased: 0 })
      expect((await Follower.open(connection)).ids).toEqual(['a'])
      await connection.close()
    })

    test('of a subscription that was removed and made again', async () => {
      const prefix = 'removed'
      const connection = await declared(server(), { prefix })
      ;(await Follower.open(connection)).isIdle = true
      await connection.subscriber.remove(spec())
      expect(await waiting(server(), prefix)).toBe(';')
      await connection.declare([], [spec()])
      await publish(connection, message('a'))
      expect(await countsOf(connection)).toMatchObject({ waiting: 1, leased: 0 })
      await connection.close()
    })
  })

  test('comes to another subscription also where the first has been told of something of its own', SUITE, async () => {
    const connection = await declared(server(), {}, [spec(), spec('shipping')])
    const ranked = { discipline: { kind: 'priority', levels: 2, atLeast: 'exact' } } as const
    await connection.declare([], [spec('ranked', ranked)])
    // Two that can only be woken, of which one leaves, which tells those of its own subscription.
    const staying = await Follower.open(connection, 'ranked')
    const leaving = await Follower.open(connection, 'billing')
    await leaving.source.close()
    await publish(connection, message('a'))
    await soon(() => expect(staying.ids).toEqual(['a']))
    await connection.close()
  })
})

/** How many hear what is handed over. */
async function listeners(server: TestBroker, prefix: string): Promise<number> {
  const admin = new Redis(server.url)
  const channels = (await admin.call('PUBSUB', 'CHANNELS', `{${prefix}:*:to:*`)) as readonly string[]
  admin.disconnect()
  return channels.length
}
