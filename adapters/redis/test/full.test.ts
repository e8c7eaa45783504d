import type { Connection, PublishException } from '@pluribus/core/driver'
import { startBroker, type TestBroker } from '@pluribus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { redis } from '../src/index.js'
import { checkFurnished, furnish, isKnown } from './furnished.js'
import { ack, connect, declared, HAS_REDIS, historyOf, idsOf, message, onRedis, open, publish, take } from './kit.js'
import { OwnDisk } from './own-disk.js'

/** The most that something may take on a machine that has much else to do, in milliseconds. */
const PATIENCE = 30_000
const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }

onRedis('where memory is full', server => {
  test('publishing is refused, and nothing of it is stored; consumers go on', async () => {
    const adapter = redis()
    const connection = await declared(server(), { prefix: 'full' })
    const source = await open(connection)
    await publish(connection, message('a'), message('b'))
    await furnish(connection)
    const admin = new Redis(server().url)
    await admin.config('SET', 'maxmemory', '1')
    try {
      const [refused] = await connection.publisher.publish([message('c')])
      expect(refused).toMatchObject({ index: 0, kind: 'failed', outcome: 'definite' })
      const { error } = refused as { error: Error }
      expect(adapter.classify(error)).toEqual({ code: 'OVERLOADED', retryable: true })
      expect(error.message).toMatch(/^OOM .*maxmemory.*Give the server more memory/)
      await checkFurnished(connection)
      const deliveries = await take(source, 2)
      expect(idsOf(deliveries)).toEqual(['a', 'b'])
      await ack(source, deliveries.slice(0, 1))
      const token = deliveries[1]?.token as string
      expect(await source.settle({ acks: [], others: [{ kind: 'retry', token, delay: 0, error: ERROR }] })).toEqual([])
      await source.close()
    } finally {
      await admin.config('SET', 'maxmemory', '0')
      admin.disconnect()
    }
    await publish(connection, message('d'))
    const later = await open(connection)
    expect(idsOf(await take(later))).toEqual(['b', 'd'])
    expect(await historyOf(connection)).toEqual(['a', 'b', 'd'])
    expect(await isKnown(connection)).toBe(true)
    await connection.close()
  })
})

/** A server whose disk has room for some 4 MB. Undefined where it cannot have one. */
async function onSmallDisk(): Promise<{ readonly server: TestBroker; readonly disk: OwnDisk } | undefined> {
  const server = await startBroker('redis')
  onTestFinished(() => server.dispose())
  await server.stop()
  const disk = OwnDisk.give(server, 64)
  await server.start()
  disk?.leave(4)
  return disk && { server, disk }
}

interface Filled {
  /** What was told to be stored. */
  readonly stored: readonly string[]
  /** How the first one failed: what it was told, or what the call was rejected with. */
  readonly failure: PublishException | { readonly rejected: unknown }
}

/** Publishes until that fails. */
async function publishUntilFull(connection: Connection): Promise<Filled> {
  const stored: string[] = []
  const payload = new Uint8Array(16_384)
  while (stored.length < 1_000) {
    const id = `m-${stored.length}`
    try {
      const [failure] = await connection.publisher.publish([message(id, { payload })])
      if (failure !== undefined) return { stored, failure }
    } catch (rejected) {
      return { stored, failure: { rejected } }
    }
    stored.push(id)
  }
  throw new Error('The disk is never full.')
}

const NO_DISK = 'no disk of its own can be had here: that takes root, mkfs.ext4, loop devices'

describe.skipIf(!HAS_REDIS)('where the disk is full', () => {
  test('a server that syncs ends itself; what was told to be stored is there when there is room', {
    timeout: 180_000,
  }, async ({ skip }) => {
    const { server, disk } = (await onSmallDisk()) ?? skip(NO_DISK)
    const before = await declared(server, { prefix: 'disk', durability: 'disk' })
    await furnish(before)
    await publish(before, message('held'))
    const source = await open(before)
    await take(source, 1)
    const { stored, failure } = await publishUntilFull(before)
    expect(stored.length).toBeGreaterThan(100)
    // A call that is rejected is one of which nobody knows what became.
    expect(redis().classify((failure as { rejected: unknown }).rejected)).toEqual({
      code: 'UNAVAILABLE',
      retryable: true,
    })
    await vi.waitFor(() => expect(server.isRunning).toBe(false), PATIENCE)
    await before.close()
    disk.leaveAll()
    await server.start()
    const after = await connect(server, { prefix: 'disk' })
    const kept = await historyOf(after)
    expect(kept.slice(0, stored.length + 1)).toEqual(['held', ...stored])
    // The one that failed may be there.
    expect(kept.length).toBeLessThanOrEqual(stored.length + 2)
    await checkFurnished(after)
    expect(await isKnown(after)).toBe(true)
    expect(await after.persistence.counts({ topic: 'orders.placed', name: 'billing' })).toMatchObject({ leased: 1 })
    await publish(after, message('again'))
    await after.close()
  })

  test('a server that does not sync refuses all, says what to do, and goes on by itself when there is room', {
    timeout: 180_000,
  }, async ({ skip }) => {
    const { server, disk } = (await onSmallDisk()) ?? skip(NO_DISK)
    const admin = new Redis(server.url)
    await admin.config('SET', 'appendfsync', 'everysec')
    admin.disconnect()
    const connection = await declared(server, { prefix: 'disk', durability: 'process' })
    await furnish(connection)
    await publish(connection, message('held'))
    const source = await open(connection)
    const held = await take(source, 1)
    const { stored, failure } = await publishUntilFull(connection)
    expect(failure).toMatchObject({ kind: 'failed', outcome: 'definite' })
    const { error } = failure as { error: Error }
    expect(redis().classify(error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    expect(error.message).toMatch(/^MISCONF .*No space left on device.* Make room/)
    await expect(ack(source, held)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    disk.leaveAll()
    await vi.waitFor(() => publish(connection, message('again')), PATIENCE)
    await ack(source, held)
    await connection.close()
    await server.kill()
    await server.start()
    const after = await connect(server, { prefix: 'disk' })
    // Nothing of what was refused, all of what was not.
    expect(await historyOf(after)).toEqual(['held', ...stored, 'again'])
    await checkFurnished(after)
    expect(await isKnown(after)).toBe(true)
    await after.close()
  })
})
