import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection, OutgoingMessage } from '@pluribus/core/driver'
import { startBroker } from '@pluribus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { redis } from '../src/index.js'
import { ack, connect, declared, historyOf, idsOf, message, onRedis, open, publish, spec, take } from './kit.js'

const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }

const OTHER = 'orders.cancelled'
const other = (id: string, changes: Partial<OutgoingMessage> = {}) => message(id, { topic: OTHER, ...changes })
const REFUND = spec('refund', { topic: OTHER })
const openRefund = (connection: Connection) =>
  connection.subscriber.open(REFUND, { window: 10, lease: 30_000 }, { wake() {}, lost() {}, ended() {} })

/** One message of each kind that waits for something, in a topic of their own. */
async function furnish(connection: Connection): Promise<void> {
  await connection.declare([{ name: OTHER, partitions: 1, retention: {} }], [REFUND])
  await publish(connection, other('dead'), other('held', { key: 'k' }), other('behind', { key: 'k' }))
  await publish(connection, other('late', { delay: 3_600_000 }), other('once', { idSupplied: true }))
  const source = await openRefund(connection)
  const [dead, held, once] = await take(source)
  await ack(source, [once as NonNullable<typeof once>])
  const tokens = [dead?.token as string, held?.token as string] as const
  await source.settle({
    acks: [],
    others: [
      { kind: 'reject', token: tokens[0], reason: 'NO', attempts: 1, errors: [ERROR] },
      { kind: 'retry', token: tokens[1], delay: 3_600_000, error: ERROR },
    ],
  })
  await source.close()
}

/** All of it is as it was. */
async function checkFurnished(connection: Connection): Promise<void> {
  const counts = await connection.persistence.counts(REFUND)
  expect(counts).toMatchObject({ waiting: 1, leased: 0, retrying: 1, scheduled: 1, dead: 1 })
  for await (const { message: dead, reason, errors } of connection.persistence.deadLetters({
    subscription: REFUND,
  })) {
    expect([dead.id, reason, errors]).toEqual(['dead', 'NO', [ERROR]])
  }
  const source = await openRefund(connection)
  // What waits is behind its key.
  expect(await take(source)).toEqual([])
  await source.close()
}

const isKnown = async (connection: Connection) =>
  (await connection.publisher.publish([other('once', { idSupplied: true })]))[0]?.kind === 'duplicate'

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
      expect(adapter.classify((refused as { error: unknown }).error)).toEqual({ code: 'OVERLOADED', retryable: true })
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

/** Gives a server, which does not run, a disk of its own. False where this machine lets nobody have one. */
function giveDisk(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return false
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return true
}

describe('where the disk is full', () => {
  test('what was told to be stored is there when there is room again', { timeout: 60_000 }, async ({ skip }) => {
    const server = await startBroker('redis')
    onTestFinished(() => server.dispose())
    await server.stop()
    const disk = join(tmpdir(), `pluribus-broker-${server.port}`, 'data')
    if (!giveDisk(disk, 4)) return skip('no disk of its own can be had here')
    await server.start()
    const before = await declared(server, { prefix: 'disk', durability: 'disk' })
    await furnish(before)
    const stored: string[] = []
    const payload = new Uint8Array(16_384)
    for (let n = 0; n < 1_000; n++) {
      const id = `m-${n}`
      const isStored = await before.publisher.publish([message(id, { payload })]).then(
        exceptions => exceptions.length === 0,
        () => false,
      )
      if (!isStored) break
      stored.push(id)
    }
    expect(stored.length).toBeGreaterThan(100)
    expect(stored.length).toBeLessThan(1_000)
    // It cannot promise anything any more, and ends.
    await vi.waitFor(() => expect(server.isRunning).toBe(false))
    await before.close()
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    await server.start()
    const after = await connect(server, { prefix: 'disk' })
    const kept = await historyOf(after)
    // The one that was refused may be there: its outcome is unknown.
    expect(kept.slice(0, stored.length)).toEqual(stored)
    expect(kept.length).toBeLessThanOrEqual(stored.length + 1)
    await checkFurnished(after)
    expect(await isKnown(after)).toBe(true)
    await publish(after, message('again'))
    await after.close()
  })
})
