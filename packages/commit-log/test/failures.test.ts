import { expect, test } from 'vitest'
import { LogError, type LogNotice, verifyLog } from '../src/index.js'
import type { SimCall, SimDisk, SimFault } from '../src/testing/sim-disk.js'
import { appendEach, opened, readAll, SMALL, segmentsOf, simDisk, texts, textsOf } from './opened.js'

const ROOM = { ...SMALL, reserveBytes: 16_384 }

const outcomes = (promises: readonly Promise<number>[]) =>
  Promise.all(
    promises.map(promise =>
      promise.then(
        () => 'stored',
        error => (error instanceof LogError ? `${error.code} ${error.outcome}` : String(error)),
      ),
    ),
  )

/** Fails the calls that match, so many of them; returns all that were made. */
function failing(disk: SimDisk, matches: (call: SimCall) => boolean, fault: SimFault, times = 1): SimCall[] {
  const calls: SimCall[] = []
  let left = times
  disk.fault = call => {
    calls.push(call)
    return left > 0 && matches(call) && left-- > 0 ? fault : undefined
  }
  return calls
}

/** A log whose time passes when it is told to, and what it noticed. */
async function withNotices(disk: SimDisk, options: { readonly vitalKinds?: readonly number[] } = {}) {
  const notices: LogNotice[] = []
  const clock = { time: 0 }
  const { log } = await opened({
    disk,
    limits: ROOM,
    notice: notice => notices.push(notice),
    environment: {
      clock: { now: () => 1000 + clock.time, monotonic: () => clock.time },
      timers: { setImmediate: callback => setImmediate(callback) },
      random: () => 0.5,
    },
    ...options,
  })
  return { log, clock, kinds: () => notices.map(({ kind }) => kind) }
}

test.each(['write', 'sync'] as const)(
  'after a %s has failed, its file is left alone, and the batch is stored elsewhere',
  async kind => {
    const disk = simDisk()
    const { log, kinds } = await withNotices(disk)
    await appendEach(log, ['one'])
    const calls = failing(disk, call => call.kind === kind, 'EIO')
    await appendEach(log, ['two', 'three'])
    expect(kinds()).toEqual(['copied-forward'])
    const old = segmentsOf(disk)[0]
    const after = calls.slice(calls.findIndex(call => call.kind === kind) + 1)
    expect(after.filter(call => call.path === old && (call.kind === 'write' || call.kind === 'sync'))).toEqual([])
    expect(textsOf(await readAll(log))).toEqual(['one', 'two', 'three'])
    const again = await opened({ disk: disk.restart('power'), limits: ROOM })
    expect([...again.replayed]).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ])
  },
)

test('after two failures in a row a log takes nothing more, and what was acknowledged can be read', async () => {
  const disk = simDisk()
  const { log, kinds } = await withNotices(disk)
  await appendEach(log, ['one'])
  failing(disk, ({ kind }) => kind === 'sync' || kind === 'create', 'EIO', 2)
  expect(await outcomes([log.append(1, Buffer.from('two'))])).toEqual(['FAILED unknown'])
  expect(await outcomes([log.append(1, Buffer.from('three'))])).toEqual(['FAILED definite'])
  expect(kinds()).toEqual(['failed'])
  expect(textsOf(await readAll(log))).toEqual(['one'])
  await log.close()
  expect(disk.paths).not.toContain('CLEAN')
  const { replayed } = await opened({ disk: disk.restart('process'), limits: ROOM })
  expect([...replayed.values()]).toEqual(expect.arrayContaining(['one']))
})

test('what waits behind a batch that failed for good is refused as never stored', async () => {
  const disk = simDisk()
  const { log } = await withNotices(disk)
  const waiting: Promise<number>[] = []
  disk.fault = ({ kind }) => {
    if (kind === 'sync' && waiting.length === 0) waiting.push(log.append(1, Buffer.from('behind')))
    return kind === 'sync' ? 'EIO' : undefined
  }
  expect(await outcomes([log.append(1, Buffer.from('first'))])).toEqual(['FAILED unknown'])
  expect(await outcomes(waiting)).toEqual(['FAILED definite'])
})

test('a short write is gone on with, and the error that follows is the disk being full', async () => {
  const disk = simDisk()
  const { log, kinds } = await withNotices(disk)
  await appendEach(log, ['one'])
  disk.capacity = 72 + 48 + 16_384 + 1000
  // It meets the end of the disk within its bytes, and goes into the reserve.
  expect(await outcomes([log.append(1, Buffer.alloc(2000, 'x'))])).toEqual(['stored'])
  expect(kinds()).toEqual(['full', 'copied-forward'])
  const again = await opened({ disk: disk.restart('power'), limits: ROOM })
  expect([...again.replayed.values()]).toEqual(['one', 'x'.repeat(2000)])
})

test('while the disk is full, vital records and checkpoints go on, others are refused, and room ends it', async () => {
  const disk = simDisk()
  const { log, clock, kinds } = await withNotices(disk, { vitalKinds: [9] })
  await appendEach(log, texts(30))
  disk.capacity = disk.paths.reduce((sum, path) => sum + disk.contentOf(path).length, 0) + 50
  await appendEach(log, texts(1, 31))
  const calls = disk.calls
  expect(await outcomes([log.append(1, Buffer.from('no'))])).toEqual(['FULL definite'])
  expect(await outcomes([log.appendAll([1, 9].map(kind => ({ kind, body: Buffer.from('no') })))])).toEqual([
    'FULL definite',
  ])
  expect(await outcomes([log.append(9, Buffer.from('vital'))])).toEqual(['stored'])
  // It asked once whether there was room, and not again within the second.
  clock.time = 999
  expect(await outcomes([log.append(1, Buffer.from('no'))])).toEqual(['FULL definite'])
  expect(disk.calls).toBeGreaterThan(calls)
  disk.capacity += 40_000
  await log.checkpoint({ sequence: 32, state: Buffer.from('a'), keepFrom: 30 })
  await log.checkpoint({ sequence: 32, state: Buffer.from('b'), keepFrom: 30 })
  expect(kinds()).toEqual(['full', 'copied-forward', 'room'])
  expect(await outcomes([log.append(1, Buffer.from('yes'))])).toEqual(['stored'])
  expect(textsOf(await readAll(log, 31))).toEqual([...texts(1, 31), 'vital', 'yes'])
  expect(disk.contentOf('RESERVE').length).toBe(16_384)
})

test('a full disk gets room without anybody trimming: an append asks once a second', async () => {
  const disk = simDisk()
  const { log, clock, kinds } = await withNotices(disk)
  disk.capacity = 16_384 + 200
  await appendEach(log, texts(1))
  expect(kinds()).toEqual(['full', 'copied-forward'])
  disk.capacity = Number.POSITIVE_INFINITY
  expect(await outcomes([log.append(1, Buffer.from('too soon'))])).toEqual(['FULL definite'])
  await new Promise(resolve => setImmediate(resolve))
  expect(kinds().at(-1)).toBe('room')
  expect(await outcomes([log.append(1, Buffer.from('yes'))])).toEqual(['stored'])
  expect(clock.time).toBe(0)
})

test('numbers of what was refused are never used again, and are declared', async () => {
  const disk = simDisk()
  const { log } = await withNotices(disk)
  await appendEach(log, ['one'])
  failing(disk, ({ kind }) => kind === 'sync' || kind === 'create', 'EMFILE', 2)
  expect(await outcomes([log.append(1, Buffer.from('two'))])).toEqual(['OVERLOADED unknown'])
  expect(await appendEach(log, ['three'])).toEqual([3])
  const again = await opened({ disk: disk.restart('power'), limits: ROOM })
  expect([...again.replayed]).toEqual([
    [1, 'one'],
    [3, 'three'],
  ])
  expect(again.log.recovery).toMatchObject({ damage: [], absent: [{ first: 2, next: 3 }] })
})

test('a segment that cannot be begun does not stop the one that is there', async () => {
  const disk = simDisk()
  const { log, kinds } = await withNotices(disk)
  failing(disk, ({ kind }) => kind === 'create', 'EMFILE', 3)
  await appendEach(log, texts(60))
  expect(kinds()).toEqual(['roll-failed', 'roll-failed', 'roll-failed'])
  expect(textsOf(await readAll(log))).toEqual(texts(60))
})

test('a new segment whose name is in doubt is followed by another', async () => {
  const disk = simDisk()
  const { log } = await withNotices(disk)
  let folders = 0
  disk.fault = ({ kind, path }) => (kind === 'syncFolder' && path === 'segments' && ++folders === 1 ? 'EIO' : undefined)
  await appendEach(log, texts(60))
  for (const after of ['process', 'power'] as const) {
    const { replayed } = await opened({ disk: disk.restart(after), limits: ROOM })
    expect([...replayed.values()]).toEqual(texts(60))
  }
})

test('a log on a disk that may only be read is not opened, and can be verified', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(5))
  await log.close()
  const writes = new Set(['create', 'write', 'rename', 'remove'])
  const next = disk.restart('process')
  next.fault = ({ kind }) => (writes.has(kind) ? 'EROFS' : undefined)
  await expect(opened({ disk: next })).rejects.toMatchObject({ code: 'EROFS' })
  expect(await verifyLog(next)).toMatchObject({ records: 5, next: 6, damage: [] })
})
