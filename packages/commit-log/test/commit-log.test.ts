import { expect, test } from 'vitest'
import { CommitLog, LogError, lastGeneration } from '../src/index.js'
import type { SimCall } from '../src/testing/sim-disk.js'
import { appendEach, opened, readAll, segmentsOf, simDisk, texts, textsOf } from './opened.js'

const failed = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    reason => reason,
  )
  expect(error).toBeInstanceOf(LogError)
  return error as LogError
}

test('what was appended is read, and replayed when the log is opened again', async () => {
  const disk = simDisk()
  const { log, replayed } = await opened({ disk })
  const wanted = texts(100)
  expect(await appendEach(log, wanted)).toEqual(wanted.map((_, index) => index + 1))
  expect(textsOf(await readAll(log))).toEqual(wanted)
  expect(textsOf(await readAll(log, 42))).toEqual(wanted.slice(41))
  expect(log.segments.length).toBeGreaterThan(2)
  expect(replayed.size).toBe(0)
  await log.close()
  await log.close()
  const again = await opened({ disk: disk.restart('power') })
  expect([...again.replayed.values()]).toEqual(wanted)
  expect(again.log.recovery).toEqual({ wasClosed: true, damage: [], absent: [], discarded: undefined, quarantined: [] })
  expect(await again.log.append(1, Buffer.alloc(0))).toBe(101)
})

test('what arrives during one commit is the next batch', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  const writes: SimCall[] = []
  disk.fault = call => {
    if (call.kind === 'write') writes.push(call)
    return undefined
  }
  const first = log.append(1, Buffer.from('first'))
  const rest: Promise<number>[] = []
  disk.fault = call => {
    if (call.kind === 'write') writes.push(call)
    if (call.kind === 'sync' && rest.length === 0) {
      for (let index = 0; index < 50; index++) rest.push(log.append(1, Buffer.from('later')))
    }
    return undefined
  }
  await first
  expect(await Promise.all(rest)).toEqual(Array.from({ length: 50 }, (_, index) => index + 2))
  expect(writes.length).toBe(2)
})

test('an append returns after the sync, not before', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  let isSynced = false
  disk.fault = call => {
    if (call.kind === 'sync') isSynced = true
    return undefined
  }
  await log.append(1, Buffer.from('text'))
  expect(isSynced).toBe(true)
})

test('an append copies its bytes', async () => {
  const { log } = await opened({ disk: simDisk() })
  const body = Buffer.from('before')
  const appended = log.append(1, body)
  body.write('after.')
  await appended
  expect(textsOf(await readAll(log))).toEqual(['before'])
})

test('a checkpoint is restored, and only what came behind it is replayed', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(60))
  await log.checkpoint({ sequence: 50, state: Buffer.from('fifty') })
  const again = await opened({ disk: disk.restart('power') })
  expect(again.restored).toBe('fifty')
  expect([...again.replayed.keys()]).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59, 60])
  expect(textsOf(await readAll(again.log))).toEqual(texts(60))
})

test('segments go when two checkpoints agree that they are not wanted, and not before', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(100))
  const before = segmentsOf(disk).length
  await log.checkpoint({ sequence: 100, state: Buffer.from('a'), keepFrom: 90 })
  expect(segmentsOf(disk).length).toBe(before)
  await log.checkpoint({ sequence: 100, state: Buffer.from('b'), keepFrom: 90 })
  expect(segmentsOf(disk).length).toBeLessThan(3)
  expect(log.segments[0]?.first).toBeLessThanOrEqual(90)
  expect(textsOf(await readAll(log, 90))).toEqual(texts(11, 90))
  const again = await opened({ disk: disk.restart('power') })
  expect([again.restored, again.log.next, again.log.keepFrom]).toEqual(['b', 101, 90])
})

test('a broken checkpoint gives way to the one before, and to none', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(30))
  await log.checkpoint({ sequence: 10, state: Buffer.from('ten') })
  await log.checkpoint({ sequence: 20, state: Buffer.from('twenty') })
  await log.close()
  const checkpoints = disk.paths.filter(path => path.startsWith('checkpoints/')).sort()
  disk.overwrite(checkpoints[1] as string, disk.contentOf(checkpoints[1] as string).fill(0, 66))
  const second = await opened({ disk: disk.restart('process') })
  expect([second.restored, second.replayed.size, second.log.recovery.quarantined.length]).toEqual(['ten', 20, 1])
  await second.log.close()
  disk.overwrite(checkpoints[0] as string, Buffer.from('nothing'))
  const third = await opened({ disk: disk.restart('process') })
  expect([third.restored, third.replayed.size]).toEqual([undefined, 30])
  await third.log.checkpoint({ sequence: 30, state: Buffer.from('thirty') })
  expect(disk.paths).toContain('quarantine/00000001-000000000000000a-00000001.checkpoint.1')
})

test('opening and closing again and again leaves no trail of segments', async () => {
  let disk = simDisk()
  for (let round = 0; round < 10; round++) {
    const { log } = await opened({ disk })
    if (round === 0) await appendEach(log, ['one'])
    if (round % 2 === 0) await log.close()
    disk = disk.restart(round % 3 === 0 ? 'power' : 'process')
  }
  const { log, replayed } = await opened({ disk })
  expect([...replayed.values()]).toEqual(['one'])
  expect(segmentsOf(disk).length).toBeLessThanOrEqual(3)
  expect(log.segments.length).toBe(segmentsOf(disk).length)
})

test('a batch that was being written is discarded, and told', async () => {
  const disk = simDisk(3)
  const { log } = await opened({ disk })
  await appendEach(log, texts(3))
  disk.fault = ({ kind }) => (kind === 'sync' ? 'stop' : undefined)
  void log.append(1, Buffer.alloc(2000, 'torn'))
  await disk.stopped
  const next = disk.restart('power')
  const path = segmentsOf(next)[0] as string
  const half = next.contentOf(path).subarray(0, 72 + 3 * 152 + 100)
  next.overwrite(path, Buffer.concat([half, Buffer.from('more')]))
  const again = await opened({ disk: next })
  expect([...again.replayed.values()]).toEqual(texts(3))
  expect(again.log.recovery).toMatchObject({ damage: [], discarded: { segmentId: 1, offset: 528, first: 4 } })
})

test('arguments are refused before anything happens', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  expect((await failed(log.append(256, Buffer.alloc(1)))).code).toBe('INVALID_ARGUMENT')
  expect((await failed(log.append(-1, Buffer.alloc(1)))).code).toBe('INVALID_ARGUMENT')
  expect((await failed(log.appendAll([]))).code).toBe('INVALID_ARGUMENT')
  const mixed = [1, 300].map(kind => ({ kind, body: Buffer.alloc(1) }))
  expect((await failed(log.appendAll(mixed))).code).toBe('INVALID_ARGUMENT')
  expect((await failed(log.append(1, Buffer.alloc(32 * 1024 * 1024)))).code).toBe('TOO_LARGE')
  expect((await failed(log.checkpoint({ sequence: 1, state: Buffer.alloc(0) }))).code).toBe('INVALID_ARGUMENT')
  expect((await failed(CommitLog.open({ disk, limits: { segmentBytes: 1 } }))).code).toBe('INVALID_ARGUMENT')
  await log.close()
  expect(await failed(log.append(1, Buffer.alloc(1)))).toMatchObject({ code: 'CLOSED', outcome: 'definite' })
  expect((await failed(log.checkpoint({ sequence: 0, state: Buffer.alloc(0) }))).code).toBe('CLOSED')
})

test('a record as large as a batch is stored, whatever may be pending', async () => {
  const { log } = await opened({ disk: simDisk() })
  const large = Buffer.alloc(32 * 1024 * 1024 - 9, 7)
  await log.append(1, large)
  const [record] = await readAll(log)
  expect(Buffer.from(record?.body ?? []).equals(large)).toBe(true)
})

test('more than may be pending is refused at once, and nothing of it is stored', async () => {
  const { log } = await opened({ disk: simDisk() })
  const first = log.append(1, Buffer.alloc(60_000))
  expect(await failed(log.append(1, Buffer.alloc(10_000)))).toMatchObject({
    code: 'OVERLOADED',
    retryable: true,
    outcome: 'definite',
  })
  await first
  expect((await readAll(log)).length).toBe(1)
})

test('two logs in one folder, and a writer of an earlier generation, are refused', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk, generation: 7 })
  expect(log.generation).toBe(7)
  await log.close()
  expect(await lastGeneration(disk)).toBe(7)
  expect(await lastGeneration(simDisk())).toBe(0)
  expect((await failed(opened({ disk, generation: 6 }))).code).toBe('OUTDATED')
  const { log: later } = await opened({ disk })
  expect(later.generation).toBe(8)
  await later.close()
  const other = simDisk(99)
  await (await opened({ disk: other })).log.close()
  disk.overwrite('segments/00000009-0000000000000001-00000001.log', other.contentOf(segmentsOf(other)[0] as string))
  disk.overwrite('segments/00000001-0000000000000001-00000001.log', other.contentOf(segmentsOf(other)[0] as string))
  expect((await failed(opened({ disk }))).code).toBe('FOREIGN')
})

test('time never goes back', async () => {
  const times = [5000, 4000, 3000, 6000]
  const environment = {
    clock: { now: () => times.shift() ?? 1, monotonic: () => 0 },
    timers: { setImmediate: (callback: () => void) => setImmediate(callback) },
    random: () => 0.5,
  }
  const { log } = await opened({ disk: simDisk(), environment })
  await appendEach(log, texts(4))
  expect((await readAll(log)).map(({ time }) => time)).toEqual([5000, 5000, 6000, 6000])
})

test('a log that is told no limits keeps 16 MiB for a full disk', async () => {
  const disk = simDisk()
  const log = await CommitLog.open({ disk })
  expect(disk.contentOf('RESERVE').length).toBe(16 * 1024 * 1024)
  await log.close()
})
