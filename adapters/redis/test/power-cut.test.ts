import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Connection } from '@pluribus/core/driver'
import { startBroker, type TestBroker } from '@pluribus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Follower } from './follower.js'
import { checkFurnished, furnish, isKnown } from './furnished.js'
import { ack, connect, declared, HAS_REDIS, historyOf, idsOf, message, open, publish, spec, take } from './kit.js'
import { dataOf, OwnDisk } from './own-disk.js'

const PREFIX = 'power'
const CALLERS = 16
/** The most that something may take on a machine that has much else to do, in milliseconds; and the most that a test may. */
const PATIENCE = 30_000
const TEST = 180_000

async function serverWithDisk(): Promise<{ readonly server: TestBroker; readonly disk: OwnDisk | undefined }> {
  const server = await startBroker('redis')
  onTestFinished(() => server.dispose())
  await server.stop()
  const disk = OwnDisk.give(server, 64)
  await server.start()
  return { server, disk }
}

async function configure(server: TestBroker, ...command: readonly string[]): Promise<void> {
  const admin = new Redis(server.url)
  await admin.call(...(command as [string]))
  admin.disconnect()
}

/** Many callers, each awaiting one publish after the other, until the first is not answered. Adds what is stored, as it is told. */
function publishUntilCut(connection: Connection, name: string, stored: string[]): { readonly over: Promise<unknown> } {
  const caller = async (_: unknown, number: number) => {
    for (let n = 0; ; n++) {
      const id = `${name}-${number}-${n}`
      await publish(connection, message(id, { payload: new Uint8Array(1_000).fill(n) }))
      stored.push(id)
    }
  }
  return { over: Promise.allSettled(Array.from({ length: CALLERS }, caller)) }
}

/**
 * Starts a server after a cut, as its operator would: where the end of its file is of another kind than a step that is cut off (zeros,
 * where a length was stored before the bytes), Redis does not drop that by itself, and says what to call.
 */
async function startMended(server: TestBroker, folder: string): Promise<void> {
  try {
    await server.start()
  } catch (error) {
    if (!String(error).includes('redis-check-aof --fix')) throw error
    const manifest = readdirSync(folder).find(name => name.endsWith('.manifest')) ?? ''
    execFileSync('redis-check-aof', ['--fix', join(folder, manifest)], { input: 'y\n' })
    await server.start()
  }
}

describe.skipIf(!HAS_REDIS)('a power cut', () => {
  test('with `appendfsync always` takes nothing that was acknowledged', { timeout: TEST }, async ({ skip }) => {
    const { server, disk } = await serverWithDisk()
    if (disk === undefined) return skip('no disk of its own can be had here: that takes root, mkfs.ext4, loop devices')
    const stored: string[] = ['acked', 'held']
    let connection = await declared(server, { prefix: PREFIX, durability: 'disk' })
    await furnish(connection)
    await publish(connection, message('acked'), message('held'))
    const source = await open(connection, 'billing', 300)
    const [acked] = await take(source, 2)
    await ack(source, [acked as NonNullable<typeof acked>])
    const folder = dirname(await appendFileOf(server))
    for (let cut = 1; cut <= 5; cut++) {
      const before = stored.length
      const { over } = publishUntilCut(connection, `cut-${cut}`, stored)
      await vi.waitFor(() => expect(stored.length).toBeGreaterThan(before + 100 * cut), PATIENCE)
      // Rewriting its file is when a server moves all that it has.
      if (cut % 2 === 0) await configure(server, 'BGREWRITEAOF')
      await disk.cutPower(server)
      await over
      await startMended(server, folder)
      connection = await connect(server, { prefix: PREFIX }, { instance: 'another' })
      const kept = new Set(await historyOf(connection))
      expect(stored.filter(id => !kept.has(id))).toEqual([])
    }
    await checkFurnished(connection)
    expect(await isKnown(connection)).toBe(true)
    const other = await open(connection)
    const [first] = (await vi.waitFor(async () => {
      const { deliveries } = await other.pull(1)
      expect(idsOf(deliveries)).toEqual(['held'])
      return deliveries
    }, PATIENCE)) as [NonNullable<typeof acked>]
    expect(first.losses).toBe(1)
    const rest = idsOf(await take(other, 100_000))
    expect(rest).not.toContain('acked')
    // In the order of storing, without gaps.
    expect(rest).toEqual((await historyOf(connection)).slice(2))
    await connection.close()
  })

  test('takes nothing that was handed over by a publish: nobody sees it sooner than it is on disk', {
    timeout: TEST,
  }, async ({ skip }) => {
    const { server, disk } = await serverWithDisk()
    if (disk === undefined) return skip('no disk of its own can be had here: that takes root, mkfs.ext4, loop devices')
    const first = await declared(server, { prefix: PREFIX, durability: 'disk' })
    const folder = dirname(await appendFileOf(server))
    await first.close()
    for (let cut = 1; cut <= 5; cut++) {
      const connections = [
        await connect(server, { prefix: PREFIX }),
        await connect(server, { prefix: PREFIX }),
      ] as const
      const follower = await Follower.open(connections[1], 'billing', { window: 100_000 })
      const { over } = publishUntilCut(connections[0], `cut-${cut}`, [])
      const handed = () => follower.pulls.filter(({ since }) => since !== undefined)
      await vi.waitFor(() => expect(handed().length).toBeGreaterThan(30), { timeout: PATIENCE, interval: 1 })
      await disk.cutPower(server)
      await over
      // What had been sent before has arrived before the socket ends.
      await vi.waitFor(() => expect(connections[1].maintain?.()).rejects.toThrow(), PATIENCE)
      await startMended(server, folder)
      const after = await connect(server, { prefix: PREFIX })
      const kept = new Set(await historyOf(after))
      expect(idsOf(follower.seen).filter(id => !kept.has(id))).toEqual([])
      await after.close()
    }
  })

  test('without syncs takes what was acknowledged, so that the test above would see it', { timeout: TEST }, async ({
    skip,
  }) => {
    const { server, disk } = await serverWithDisk()
    if (disk === undefined) return skip('no disk of its own can be had here: that takes root, mkfs.ext4, loop devices')
    await configure(server, 'CONFIG', 'SET', 'appendfsync', 'no')
    const before = await declared(server, { prefix: PREFIX, durability: 'process' })
    await publish(before, message('early'))
    disk.sync()
    await publish(before, message('late'))
    await disk.cutPower(server)
    await server.start()
    const after = await connect(server, { prefix: PREFIX })
    expect(await historyOf(after)).toEqual(['early'])
    await after.close()
    await before.close()
  })
})

describe.skipIf(!HAS_REDIS)('a file that ends in the middle of a step', () => {
  test('has all of the steps before, and nothing of that one', { timeout: TEST }, async () => {
    const server = await startBroker('redis')
    onTestFinished(() => server.dispose())
    const first = await declared(server, { prefix: PREFIX }, [spec()])
    await furnish(first)
    await publish(first, message('a', { idSupplied: true }))
    const file = await appendFileOf(server)
    const whole = statSync(file).size
    await publish(first, message('b', { idSupplied: true }), message('c', { idSupplied: true }))
    await server.kill()
    const bytes = readFileSync(file)
    const step = bytes.length - whole
    expect(step).toBeGreaterThan(500)
    for (const part of [1, Math.round(step / 3), Math.round(step / 2), Math.round((step * 2) / 3), step - 1]) {
      writeFileSync(file, bytes)
      truncateSync(file, whole + part)
      await server.start()
      const connection = await connect(server, { prefix: PREFIX })
      expect(await historyOf(connection)).toEqual(['a'])
      // The ids of that step are not known, those of the one before are.
      const again = ['a', 'b', 'c'].map(id => message(id, { idSupplied: true }))
      expect(await connection.publisher.publish(again)).toEqual([{ index: 0, kind: 'duplicate' }])
      expect(await historyOf(connection)).toEqual(['a', 'b', 'c'])
      await checkFurnished(connection)
      await connection.close()
      await server.kill()
    }
  })
})

/** What the server appends to now. */
async function appendFileOf(server: TestBroker): Promise<string> {
  const folder = join(dataOf(server), 'appendonlydir')
  const names = readdirSync(folder).filter(name => name.endsWith('.incr.aof'))
  expect(names).toHaveLength(1)
  return join(folder, names[0] as string)
}
