import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localProcess } from '@pluribus/conformance'
import { findOrBlock, type TestBroker } from '@pluribus/test-brokers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Follower } from './follower.js'
import { ack, connect, idsOf, message, open, publish, spec, TOPIC, take } from './kit.js'

const found = await findOrBlock('redis')
const port = 29_900 + (process.pid % 90)

/** A cluster of one node, which refuses whatever is about more than one slot, as every cluster does. */
describe.skipIf(found === undefined)('on a cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-cluster-'))
  const address = { host: '127.0.0.1', port }
  const args = ['--port', String(port), '--dir', folder, '--cluster-enabled', 'yes', '--appendonly', 'yes']
  const server = localProcess({ command: found?.programs.server ?? '', args, address })
  const place = { url: `redis://127.0.0.1:${port}` } as TestBroker
  let admin: Redis
  beforeAll(async () => {
    await server.start()
    admin = new Redis(port)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await vi.waitFor(async () => expect(await admin.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'), 10_000)
  }, 60_000)
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('no script is about more than one slot', async () => {
    const connection = await connect(place)
    const other = { topic: 'orders.cancelled' }
    const topics = [TOPIC, other.topic].map(name => ({ name, partitions: 1, retention: { age: 1_000 } }))
    await connection.declare(topics, [spec(), spec('refund', other)])
    const batch = [message('a', { key: 'k' }), message('b', other), message('c', { delay: 1_000, idSupplied: true })]
    expect(await connection.publisher.publish(batch)).toEqual([])
    const source = await open(connection)
    const first = await take(source)
    expect(idsOf(first)).toEqual(['a'])
    await source.mark(first[0] as (typeof first)[number])
    expect(await source.renew?.(first)).toEqual([])
    const reject = { kind: 'reject', token: first[0]?.token as string, reason: 'NO', attempts: 1, errors: [] } as const
    expect(await source.settle({ acks: [], others: [reject] })).toEqual([])
    expect(await connection.persistence.redrive({ subscription: spec() })).toEqual({ redriven: 1, missing: [] })
    await expect.poll(async () => (await connection.persistence.counts(spec())).waiting, { timeout: 5_000 }).toBe(2)
    await ack(source, await take(source))
    await source.close()
    // Handing over is about keys that nobody has named.
    const follower = await Follower.open(connection)
    await publish(connection, message('d'))
    await vi.waitFor(() => expect(follower.ids).toEqual(['d']))
    expect(follower.pulls.at(-1)?.since).toBeDefined()
    expect((await connection.persistence.topics()).map(({ name }) => name)).toEqual(['orders.cancelled', TOPIC])
    expect((await connection.persistence.find?.(TOPIC, 'a'))?.id).toBe('a')
    await connection.maintain?.()
    await connection.subscriber.remove(spec('refund', other))
    await connection.close()
  })

  test('the position of a lane cannot be stored with its data, and that is said', async () => {
    const connection = await connect(place)
    expect(connection.capabilities.sequenced).toBe('none')
    await connection.close()
  })
})
