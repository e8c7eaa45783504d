import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectClient } from '@nats-io/transport-node'
import { localProcess } from '@pluribus/conformance'
import type { Connection, Delivery, OutgoingMessage, PublishException } from '@pluribus/core/driver'
import { findBroker, findOrBlock, startBroker } from '@pluribus/test-brokers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nats } from '../src/index.js'
import { ack, connect, environment, historyOf, idsOf, message, open, publish, spec, TOPIC, take } from './kit.js'

const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }
const TOPICS = [{ name: TOPIC, partitions: 1, retention: {} }]
const LONG = 3_600_000
const PAYLOAD = 'x'.repeat(64 * 1_024)

const OTHER = 'orders.cancelled'
const other = (id: string, changes: Partial<OutgoingMessage> = {}) => message(id, { topic: OTHER, ...changes })
const REFUND = spec('refund', { topic: OTHER })
const openRefund = async (connection: Connection) => ({
  source: await connection.subscriber.open(REFUND, { window: 10, lease: 30_000 }, { wake() {}, lost() {}, ended() {} }),
})
const tokenOf = (delivery: Delivery | undefined) => delivery?.token as object

/** One message of each kind that waits for something, in a topic of their own. */
async function furnish(connection: Connection): Promise<void> {
  await connection.declare([{ name: OTHER, partitions: 1, retention: {} }], [REFUND])
  await publish(connection, other('dead'), other('held', { key: 'k' }), other('behind', { key: 'k' }))
  await publish(connection, other('late', { delay: LONG }), other('once', { idSupplied: true }))
  const woken = await openRefund(connection)
  const [dead, held, once] = await take(woken, 3)
  expect(await ack(woken, once === undefined ? [] : [once])).toEqual([])
  const settled = await woken.source.settle({
    acks: [],
    others: [
      { kind: 'reject', token: tokenOf(dead), reason: 'NO', attempts: 1, errors: [ERROR] },
      { kind: 'retry', token: tokenOf(held), delay: LONG, error: ERROR },
    ],
  })
  expect(settled).toEqual([])
  await woken.source.close()
}

/** All of it is as it was; answers what is handed out. */
async function checkFurnished(connection: Connection): Promise<readonly string[]> {
  const dead: unknown[] = []
  for await (const { message: letter, reason, errors } of connection.persistence.deadLetters({
    subscription: REFUND,
  })) {
    dead.push([letter.id, reason, errors])
  }
  expect(dead).toEqual([['dead', 'NO', [ERROR]]])
  expect(await historyOf(connection, OTHER)).toEqual(['dead', 'held', 'behind', 'late', 'once'])
  const [again] = await connection.publisher.publish([other('once', { idSupplied: true })])
  expect(again?.kind).toBe('duplicate')
  const { source } = await openRefund(connection)
  const ids = idsOf((await source.pull(10)).deliveries)
  await source.close()
  return ids
}

/** Milliseconds. */
const LEASE = 2_000

const isBlocked = (await findOrBlock('nats')) === undefined

describe.skipIf(isBlocked)('where the store is full', () => {
  test('publishing is refused, consuming goes on, and with room it is as before', async () => {
    const server = await smallServer(3 * 1_024 * 1_024)
    const adapter = nats({ servers: server, prefix: 'full' })
    const told: string[] = []
    const logger = { ...environment().logger, debug: (_: object, what: string) => void told.push(what) }
    const connection = await adapter.connect({ ...environment(), logger }, { lost() {} })
    onTestFinished(() => connection.close())
    await connection.declare(TOPICS, [spec()])
    await furnish(connection)
    await publish(connection, message('a'), message('b'), message('keyed', { key: 'k' }))
    const stored = ['a', 'b', 'keyed']
    const [refused] = await fill(connection, stored)
    expect(refused).toMatchObject({ kind: 'failed', outcome: 'definite' })
    expect(adapter.classify((refused as { error: unknown }).error)).toEqual({ code: 'OVERLOADED', retryable: true })
    expect(await historyOf(connection, TOPIC)).toEqual(stored)
    // The retry and the key still wait.
    const { source: refund } = await openRefund(connection)
    expect((await refund.pull(10)).deliveries).toEqual([])
    const source = await open(connection)
    const released = (await take(source, 3)).map(({ token }) => ({ kind: 'release', token }) as const)
    expect(await source.source.settle({ acks: [], others: released })).toEqual([])
    await source.source.pull(0)
    // What cannot be given back, because that has to be stored, stays.
    await expect
      .poll(() => told, { timeout: 10_000 })
      .toContainEqual(expect.stringContaining('could not be given back'))
    const taken = await take(source, stored.length)
    expect(idsOf(taken)).toEqual(stored)
    const [first, second, keyed, ...rest] = taken
    expect(await ack(source, [first as Delivery, ...rest])).toEqual([])
    // What has to be stored stays as it is, and is tried again.
    const death = { kind: 'reject', token: tokenOf(second), reason: 'NO', attempts: 1, errors: [ERROR] } as const
    const settled = { acks: [tokenOf(keyed)], others: [death] }
    const exceptions = await source.source.settle(settled)
    expect(exceptions.map(({ token, kind }) => [token, kind])).toEqual(
      expect.arrayContaining([
        [tokenOf(second), 'failed'],
        [tokenOf(keyed), 'failed'],
      ]),
    )
    await purge(server, 'full_t_orders_placed')
    expect(await source.source.settle(settled)).toEqual([])
    await publish(connection, message('c'))
    expect(idsOf(await take(source, 1))).toEqual(['c'])
    expect(await checkFurnished(connection)).toEqual([])
  })
})

describe.skipIf(isBlocked)('where the disk itself is full', () => {
  test('what was told to be stored is there when there is room again', { timeout: 90_000 }, async ({ skip }) => {
    const server = await startBroker('nats')
    onTestFinished(() => server.dispose())
    await server.stop()
    const disk = join(tmpdir(), `pluribus-broker-${server.port}`, 'data')
    if (!giveDisk(disk, 32)) return skip('no disk of its own can be had here')
    await server.start()
    const before = await connect(server, { prefix: 'disk' })
    await before.declare(TOPICS, [spec()])
    await furnish(before)
    await publish(before, message('handed out'))
    expect(idsOf(await take(await open(before, 'billing', LEASE), 1))).toEqual(['handed out'])
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(freeBytes(disk) - 2 * 1_024 * 1_024))
    const stored = ['handed out']
    await fill(before, stored)
    expect(stored.length).toBeGreaterThan(6)
    // A server of 2.9 hangs then, and ends in no other way.
    await server.kill()
    await before.close()
    rmSync(ballast)
    await server.start()
    const after = await connect(server, { prefix: 'disk' })
    await after.declare(TOPICS, [spec()])
    const kept = await historyOf(after, TOPIC)
    // The one that was refused, or not answered, may be there.
    expect(kept.slice(0, stored.length)).toEqual(stored)
    expect(kept.length).toBeLessThanOrEqual(stored.length + 1)
    // What was acknowledged just before a server is killed may come again.
    expect(['', 'once']).toContain((await checkFurnished(after)).join())
    await publish(after, message('again'))
    const { source } = await open(after, 'billing', LEASE)
    const came: string[] = []
    const pull = async () => {
      came.push(...idsOf((await source.pull(100)).deliveries))
      return came
    }
    await expect.poll(pull, { timeout: 10_000 }).toEqual(expect.arrayContaining([...stored, 'again']))
    await after.close()
  })
})

/** Stores until nothing more is taken, and says what was; answers how the last was refused, nothing where it was not answered. */
async function fill(connection: Connection, stored: string[]): Promise<readonly PublishException[]> {
  for (let n = 0; n < 128; n++) {
    const answered = connection.publisher.publish([message(`big${n}`, { payload: PAYLOAD })])
    const silence = new AbortController()
    const exceptions = await Promise.race([answered, unanswered(silence.signal)])
    silence.abort()
    if (exceptions === undefined) return []
    if (exceptions.length > 0) return exceptions
    stored.push(`big${n}`)
  }
  throw new Error('The store is never full.')
}

/** Resolves after longer than a server that lives takes to answer, however busy its machine. */
const unanswered = (signal: AbortSignal): Promise<undefined> => setTimeout(5_000, undefined, { signal })

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

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

/** What an operator does to make room. */
async function purge(server: string, stream: string): Promise<void> {
  const client = await connectClient({ servers: server })
  await (await jetstreamManager(client)).streams.purge(stream)
  await client.close()
}

/** A server of one's own that may store so many bytes. */
async function smallServer(bytes: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-nats-'))
  const port = await freePort()
  const config = join(folder, 'nats.conf')
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\njetstream {\n  store_dir: "${folder}/data"\n  max_file_store: ${bytes}\n}\n`,
  )
  const { programs } = await findBroker('nats')
  const process = localProcess({
    command: programs.server as string,
    args: ['--config', config],
    address: { host: '127.0.0.1', port },
  })
  onTestFinished(async () => {
    await process.kill()
    rmSync(folder, { recursive: true })
  })
  await process.start()
  return `127.0.0.1:${port}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
