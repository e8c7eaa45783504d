import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import { redis } from '../src/index.js'
import { ack, declared, environment, idsOf, message, onRedis, open, publish, spec, TOPIC, take } from './kit.js'

onRedis('the link', server => {
  test('teaches its scripts to a server that has forgotten them', async () => {
    const connection = await declared(server())
    const admin = new Redis(server().url)
    await admin.script('FLUSH')
    admin.disconnect()
    await publish(connection, message('a'))
    const source = await open(connection)
    await ack(source, await take(source))
    await connection.close()
  })

  test('tells once that it is broken, rejects what was under way, and is not mended', async () => {
    const adapter = redis({ url: server().url, prefix: 'broken' })
    const lost = vi.fn()
    const seen: unknown[] = []
    const told = (cause: unknown) => {
      lost(cause)
      seen.push(source.pull(1).catch((error: unknown) => error))
    }
    const connection = await adapter.connect(environment(), { lost: told })
    await connection.declare([{ name: TOPIC, partitions: 1, retention: {} }], [spec()])
    const source = await open(connection)
    await server().freeze()
    const publishing = connection.publisher.publish([message('a')]).catch((error: unknown) => error)
    await server().kill()
    expect(adapter.classify(await publishing)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce())
    // Whoever is told finds everything of the connection at its end.
    expect(await seen[0]).toMatchObject({ code: 'CLOSED' })
    await server().start()
    const again = await connection.publisher.publish([message('b')]).catch((error: unknown) => error)
    expect(again).toMatchObject({ code: 'CLOSED' })
    await connection.close()
    expect(lost).toHaveBeenCalledOnce()
  })

  test('that is closed is not broken', async () => {
    const lost = vi.fn()
    const connection = await redis({ url: server().url }).connect(environment(), { lost })
    await connection.close()
    await sleep(50)
    expect(lost).not.toHaveBeenCalled()
    await expect(connection.publisher.publish([message('a')])).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('has no payload and no password in what it rejects with', async () => {
    const connection = await declared(server(), { prefix: 'bare' })
    const admin = new Redis(server().url)
    await admin.del(`{bare:${TOPIC}}:log`)
    await admin.set(`{bare:${TOPIC}}:log`, 'of another kind')
    admin.disconnect()
    const [refused] = await connection.publisher.publish([message('a', { payload: 'c4n4ry' })])
    const { error } = refused as { error: Error }
    expect(error.message).toContain('WRONGTYPE')
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('c4n4ry')
    await connection.close()
  })

  test('wakes an idle source when something comes, long before it would look by itself', async () => {
    const connection = await declared(server(), {}, [spec(), spec('shipping')])
    const wakes: string[] = []
    for (const name of ['billing', 'shipping']) {
      const events = { wake: () => void wakes.push(name), lost() {}, ended() {} }
      const source = await connection.subscriber.open(spec(name), { window: 10, lease: 30_000 }, events)
      expect(await source.pull(10)).toEqual({ deliveries: [], dueIn: expect.any(Number) })
    }
    await publish(connection, message('a'))
    await vi.waitFor(() => expect(wakes.sort()).toEqual(['billing', 'shipping']))
    await connection.close()
  })

  test('hands out what stands behind garbage, and the garbage as what it is', async () => {
    const connection = await declared(server(), { prefix: 'garbage' }, [
      spec(),
      spec('ranked', { discipline: { kind: 'priority', levels: 3, atLeast: 'exact' } }),
    ])
    const admin = new Redis(server().url)
    const garbage = ['', 'm', 'd', 'garbage', 'm'.repeat(12), '@nowhere', '@999', '=1 2', '=x', '\xff'.repeat(40)]
    for (const bytes of garbage) {
      const position = await admin.hincrby(`{garbage:${TOPIC}}:topic`, 'seq', 1)
      await admin.hset(`{garbage:${TOPIC}}:log`, position, Buffer.from(bytes, 'latin1'))
    }
    admin.disconnect()
    await publish(connection, message('behind'))
    // What says that it is delayed, or leads elsewhere, leads nowhere.
    const foreign = [1, 2, 4, 5, 10].map(position => `${TOPIC}/${position}`)
    for (const name of ['billing', 'ranked']) {
      const source = await open(connection, name)
      const deliveries = await take(source)
      expect(idsOf(deliveries).toSorted()).toEqual([...foreign, 'behind'].toSorted())
      const [first, ...others] = deliveries.map(({ token }) => token as string)
      const reject = { kind: 'reject', token: first as string, reason: 'NO', attempts: 1, errors: [] } as const
      expect(await source.settle({ acks: others, others: [reject] })).toEqual([])
      expect(await connection.persistence.redrive({ subscription: spec(name) })).toEqual({ redriven: 1, missing: [] })
      await ack(source, await take(source))
    }
    expect(await connection.persistence.trim?.(TOPIC, Date.now() + 1_000)).toBeGreaterThan(0)
    await connection.close()
  })
})
