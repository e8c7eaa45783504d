import { describe, expect, test } from 'vitest'
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

describe('a log whose folder somebody else has taken', () => {
  /** A log with a switch: from `take` on, its folder is another's. */
  async function withSuccessor(disk: SimDisk) {
    let isTaken = false
    const notices: LogNotice[] = []
    const { log } = await opened({
      disk,
      generation: 3,
      notice: notice => notices.push(notice),
      verify: () => {
        if (isTaken) throw new Error('4 has it')
      },
    })
    const take = () => {
      isTaken = true
    }
    return { log, take, notices }
  }

  test('acknowledges nothing that it syncs from then on, shows none of it, and says that it may be stored', async () => {
    const disk = simDisk()
    const { log, take, notices } = await withSuccessor(disk)
    await appendEach(log, ['one'])
    disk.fault = ({ kind }) => {
      if (kind === 'sync') take()
      return undefined
    }
    expect(await outcomes([log.append(1, Buffer.from('two'))])).toEqual(['OUTDATED unknown'])
    expect(await outcomes([log.append(1, Buffer.from('three'))])).toEqual(['OUTDATED definite'])
    expect([log.next, textsOf(await readAll(log))]).toEqual([2, ['one']])
    expect(notices.map(({ kind, error }) => [kind, String(error)])).toEqual([['failed', 'Error: 4 has it']])
  })

  test('refuses what waits behind the batch as never stored', async () => {
    const disk = simDisk()
    const { log, take } = await withSuccessor(disk)
    let second: Promise<string[]> | undefined
    disk.fault = ({ kind }) => {
      if (kind === 'sync') {
        take()
        second = outcomes([log.append(1, Buffer.from('two'))])
      }
      return undefined
    }
    expect(await outcomes([log.append(1, Buffer.from('one'))])).toEqual(['OUTDATED unknown'])
    expect(await second).toEqual(['OUTDATED definite'])
  })

  test('leaves no mark of an orderly close, makes no checkpoint, removes nothing', async () => {
    const disk = simDisk()
    const { log, take, notices } = await withSuccessor(disk)
    await appendEach(log, texts(60))
    await log.checkpoint({ sequence: 30, state: Buffer.from('thirty'), keepFrom: 30 })
    take()
    const before = disk.paths
    await expect(log.checkpoint({ sequence: 40, state: Buffer.from('forty'), keepFrom: 40 })).rejects.toMatchObject({
      code: 'OUTDATED',
      cause: { message: '4 has it' },
    })
    await log.close()
    expect(disk.paths).toEqual(before)
    expect(notices.map(({ kind }) => kind)).toEqual(['failed'])
  })

  test('is told so even when its disk has failed as well: the batch is not given a name again', async () => {
    const disk = simDisk()
    const { log, take } = await withSuccessor(disk)
    const before = segmentsOf(disk)
    failing(
      disk,
      ({ kind }) => {
        if (kind !== 'sync') return false
        take()
        return true
      },
      'EIO',
    )
    expect(await outcomes([log.append(1, Buffer.from('one'))])).toEqual(['OUTDATED unknown'])
    expect(segmentsOf(disk).filter(path => path.endsWith('.log'))).toEqual(before)
  })

  test('is not opened, and changes nothing but what nobody has finished', async () => {
    const disk = simDisk()
    const { log } = await opened({ disk })
    await appendEach(log, ['one'])
    const next = disk.restart('process')
    const verify = () => {
      throw new Error('4 has it')
    }
    const before = next.paths
    await expect(opened({ disk: next, verify })).rejects.toMatchObject({ code: 'OUTDATED' })
    expect(next.paths).toEqual(before)
  })
})

test('what a writer that was replaced names too late is none of the log, and is kept aside', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk, generation: 1 })
  await appendEach(log, ['one'])
  const late = disk.paths.find(path => path.startsWith('segments/')) as string
  const content = disk.contentOf(late)
  const second = await opened({ disk: disk.restart('process'), generation: 2 })
  await appendEach(second.log, ['two'])
  const next = disk.restart('process')
  next.overwrite(late.replace('00000001-', '00000009-'), content)
  const third = await opened({ disk: next, generation: 3 })
  expect([...third.replayed.values()]).toEqual(['one', 'two'])
  expect(third.log.recovery.quarantined).toHaveLength(1)
  expect(third.log.recovery.damage).toEqual([])
})
