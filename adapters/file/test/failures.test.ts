import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Disk, DiskFile } from '@pluribus/commit-log'
import { SimDisk } from '@pluribus/commit-log/testing'
import type { Connection } from '@pluribus/core/driver'
import { afterEach, describe, expect, test } from 'vitest'
import { classify } from '../src/errors.js'
import { file } from '../src/index.js'
import { LocalFolder } from '../src/live/local-folder.js'
import {
  bench,
  connect as connectTo,
  drain,
  environment,
  HandClock,
  idsOf,
  message,
  open,
  publish,
  ready,
  restart,
  SUBSCRIPTION,
  spec,
  topicSpec,
} from './kit.js'

const LARGE = 'x'.repeat(20_000)

describe('a full disk', () => {
  test('refuses what is published, lets consumers go on, and is over when there is room', async () => {
    const { link, disk, source, clock } = await ready({ limits: { segmentBytes: 8_192, reserveBytes: 40_000 } })
    await publish({ link }, 'a', 'b')
    disk.capacity = 60_000
    const failed = await link.publish([message('large', { payload: LARGE }), message('larger', { payload: LARGE })])
    // What meets the end of the disk may still find room in the reserve; what comes then is refused at once.
    expect(failed.length).toBeLessThanOrEqual(2)
    const [refused] = await link.publish([message('c')])
    expect(refused).toMatchObject({ kind: 'failed', outcome: 'definite' })
    expect(classify((refused as { error: unknown }).error)).toEqual({ code: 'OVERLOADED', retryable: true })
    const { deliveries } = await link.pull(source, 1)
    expect(idsOf(deliveries)).toEqual(['a'])
    expect(await link.settle(source, { acks: deliveries.map(({ token }) => token), others: [] })).toEqual([])
    disk.capacity = Number.POSITIVE_INFINITY
    clock.pass(2_000)
    // Whoever is refused has it looked at.
    await expect.poll(() => link.publish([message('d')])).toEqual([])
    expect(await drain(link, source)).toEqual(expect.arrayContaining(['b', 'd']))
  })
})

describe('a disk that is slow', () => {
  /** A disk whose syncs wait. */
  function slowDisk() {
    const sim = new SimDisk(() => 0.5)
    const waiting: (() => void)[] = []
    const gate = { isOpen: true, open: () => waiting.splice(0).map(resolve => resolve()) }
    const slow = (file: DiskFile): DiskFile => ({
      size: () => file.size(),
      read: (target, position) => file.read(target, position),
      write: (bytes, position) => file.write(bytes, position),
      close: () => file.close(),
      async sync() {
        if (!gate.isOpen) await new Promise<void>(resolve => waiting.push(resolve))
        return file.sync()
      },
    })
    const disk: Disk = {
      makeFolder: path => sim.makeFolder(path),
      list: folder => sim.list(folder),
      open: path => sim.open(path),
      rename: (from, to) => sim.rename(from, to),
      remove: path => sim.remove(path),
      syncFolder: path => sim.syncFolder(path),
      free: () => sim.free(),
      create: async path => slow(await sim.create(path)),
    }
    return { disk, sim, gate }
  }

  test('refuses publishers before it refuses consumers, and whoever settles waits', async () => {
    const { disk, gate } = slowDisk()
    const folder = await LocalFolder.open({ disk, environment: environment(new HandClock()), window: 60_000 })
    const link = await connectTo(folder, 'a')
    await link.declare([topicSpec()], [spec()])
    await link.publish([message('a'), message('b')])
    const source = await open(link)
    const { deliveries } = await link.pull(source, 2)
    gate.isOpen = false
    const payload = 'x'.repeat(3 * 1_024 * 1_024)
    const underway = Array.from({ length: 6 }, (_, index) => link.publish([message(`large${index}`, { payload })]))
    const [refused] = await link.publish([message('c')])
    expect(refused).toMatchObject({ kind: 'failed', outcome: 'definite', error: { code: 'OVERLOADED' } })
    const told: string[] = []
    const settled = link
      .settle(source, { acks: deliveries.map(({ token }) => token), others: [] })
      .then(stale => told.push(`settled, ${stale.length} stale`))
    const closed = link.closeSource(await open(link)).then(() => told.push('closed'))
    await new Promise(resolve => setImmediate(resolve))
    expect(told).toEqual([])
    gate.isOpen = true
    gate.open()
    expect(await Promise.all(underway)).toEqual([[], [], [], [], [], []])
    await Promise.all([settled, closed])
    expect(told.sort()).toEqual(['closed', 'settled, 0 stale'])
    expect(await link.publish([message('d')])).toEqual([])
    expect((await drain(link, source)).length).toBe(7)
  })

  test('that takes no batch of a publisher takes none of those that came behind it, until that is known', async () => {
    const { disk, sim, gate } = slowDisk()
    const folder = await LocalFolder.open({ disk, environment: environment(new HandClock()), window: 60_000 })
    const [link, other] = [await connectTo(folder, 'a'), await connectTo(folder, 'b')]
    await link.declare([topicSpec()], [spec()])
    gate.isOpen = false
    const first = link.publish([message('a'), message('b')])
    const together = link.publish([message('c')])
    // The log has begun to write them: whatever comes now is of another batch, which would find a disk that works.
    await new Promise(resolve => setImmediate(resolve))
    const [second, third, others] = [
      link.publish([message('d')]),
      link.publish([message('e')]),
      publish({ link: other }, 'f'),
    ]
    let isBroken = true
    sim.fault = ({ kind }) =>
      isBroken && kind === 'sync' ? 'EIO' : isBroken && kind === 'create' ? 'EMFILE' : undefined
    gate.isOpen = true
    const failed = first.finally(() => {
      isBroken = false
    })
    gate.open()
    expect(await failed).toHaveLength(2)
    expect(await together).toHaveLength(1)
    for (const held of [second, third]) {
      expect(await held).toMatchObject([
        { index: 0, kind: 'failed', outcome: 'definite', error: { code: 'OVERLOADED' } },
      ])
    }
    expect(await others).toEqual([])
    expect(await link.publish([message('g')])).toEqual([])
    expect(await drain(link)).toEqual(['f', 'g'])
  })

  test('stores what came while it wrote in one batch, in the order of coming', async () => {
    const { disk, gate } = slowDisk()
    const folder = await LocalFolder.open({ disk, environment: environment(new HandClock()), window: 60_000 })
    const link = await connectTo(folder, 'a')
    await link.declare([topicSpec()], [spec()])
    gate.isOpen = false
    const first = publish({ link }, 'a')
    await new Promise(resolve => setImmediate(resolve))
    const waiting = [publish({ link }, 'b'), publish({ link }, 'c')]
    // Who is told that the first is stored publishes at once, and stands behind those who waited for that.
    const last = first.then(() => publish({ link }, 'd'))
    gate.isOpen = true
    gate.open()
    await Promise.all([...waiting, last])
    expect(await drain(link)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a disk that fails', () => {
  test('once loses nothing, and nobody notices', async () => {
    const first = await ready()
    await publish(first, 'a')
    let left = 1
    first.disk.fault = ({ kind }) => (kind === 'sync' && left-- > 0 ? 'EIO' : undefined)
    expect(await publish(first, 'b')).toEqual([])
    expect(await drain(first.link, first.source)).toEqual(['a', 'b'])
    expect(first.told).not.toContain('lost: UNAVAILABLE')
  })

  test('twice ends all connections; what was told to be stored is there when the folder is opened anew', async () => {
    const first = await ready()
    await publish(first, 'a', 'b')
    const { deliveries } = await first.link.pull(first.source, 1)
    first.disk.fault = ({ kind }) => (kind === 'sync' || kind === 'write' ? 'EIO' : undefined)
    const [failed] = await publish(first, 'c')
    expect(classify((failed as { error: unknown }).error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    await first.folder.over
    expect(first.told.filter(text => text.startsWith('lost'))).toHaveLength(1)
    await expect(first.link.counts(SUBSCRIPTION)).rejects.toMatchObject({ code: 'CLOSED' })
    const second = await restart(first, 'power', { instance: 'a' })
    const again = await second.link.pull(await open(second.link), 9)
    expect(idsOf(again.deliveries).slice(0, 2)).toEqual(['a', 'b'])
    expect(again.deliveries[0]).toMatchObject({ losses: 0, failures: 0 })
    expect(deliveries).toHaveLength(1)
  })

  test('under a settlement ends all connections too: nobody can say what it has stored', async () => {
    const first = await ready()
    await publish(first, 'a')
    const { deliveries } = await first.link.pull(first.source, 1)
    first.disk.fault = ({ kind }) => (kind === 'sync' || kind === 'write' ? 'EIO' : undefined)
    const acks = deliveries.map(({ token }) => token)
    await expect(first.link.settle(first.source, { acks, others: [] })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(first.told.filter(text => text.startsWith('lost'))).toHaveLength(1)
    const second = await restart(first)
    expect((await drain(second.link)).length).toBeLessThanOrEqual(1)
  })

  test('while the folder is read is told as it is', async () => {
    const first = await ready()
    const disk = first.disk.restart('process')
    disk.fault = ({ kind }) => (kind === 'create' ? 'EROFS' : undefined)
    const failed = await bench({ disk, clock: first.clock }).catch(error => error)
    expect(classify(failed)).toEqual({ code: 'UNAUTHORIZED', retryable: false })
  })
})

describe('a folder of this machine', () => {
  const folders: string[] = []
  const connections: Connection[] = []
  const clock = new HandClock()

  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.close()
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
  })

  async function newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'pluribus-file-test-'))
    folders.push(folder)
    return folder
  }

  async function connect(options: Parameters<typeof file>[0], instance = 'a'): Promise<Connection> {
    const connection = await file(options).connect({ ...environment(clock), instance }, { lost() {} })
    connections.push(connection)
    return connection
  }

  test('is made for its owner alone, and shared by those of a process who name it differently', async () => {
    const base = await newFolder()
    await symlink(join(base, 'deep'), join(base, 'alias'))
    const dir = join(base, 'deep', 'data')
    const one = await connect({ dir })
    const other = await connect({ dir: join(base, 'alias', 'data') }, 'b')
    await one.declare([{ name: 'orders.placed', partitions: 1, retention: {} }], [])
    expect(await other.persistence.topics()).toHaveLength(1)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'RESERVE'))).mode & 0o777).toBe(0o600)
  })

  test('is refused with other settings while it is open', async () => {
    const dir = await newFolder()
    await connect({ dir })
    await expect(connect({ dir, deduplicationWindow: '1h' })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('can be opened again as soon as it was closed', async () => {
    const dir = await newFolder()
    for (let round = 0; round < 3; round++) {
      const connection = await connect({ dir })
      await connection.declare([{ name: 'orders.placed', partitions: 1, retention: {} }], [])
      void connection.close()
    }
    expect(await (await connect({ dir })).persistence.topics()).toHaveLength(1)
  })

  test('that is a file is a mistake of the configuration, and can be tried again once it is mended', async () => {
    const dir = join(await newFolder(), 'data')
    await writeFile(dir, '')
    const failed = await connect({ dir }).catch(error => error)
    expect(classify(failed)).toEqual({ code: 'INVALID_CONFIGURATION', retryable: false })
    await rm(dir)
    expect((await connect({ dir })).server.product).toBe('file')
  })
})

test.each([
  ['a number', new Error('?'), { code: 'UNKNOWN', retryable: false }],
  [
    'a code that is none of the system',
    Object.assign(new Error('?'), { code: 'toString' }),
    { code: 'UNKNOWN', retryable: false },
  ],
  ['nothing', undefined, { code: 'UNKNOWN', retryable: false }],
  ['no room', Object.assign(new Error('?'), { code: 'ENOSPC' }), { code: 'OVERLOADED', retryable: true }],
])('%s is classified', (_, error, classified) => {
  expect(classify(error)).toEqual(classified)
})
