import { expect, test } from 'vitest'
import { dumpLog, type LogProgress, type LogVerification, repairLog, verifyLog } from '../src/index.js'
import type { SimDisk } from '../src/testing/sim-disk.js'
import { appendEach, opened, readAll, segmentsOf, simDisk, texts, textsOf } from './opened.js'

const COUNT = 100
const BATCH = 152
const wanted = texts(COUNT)
/** Milliseconds for thousands of logs that are read whole. */
const THOUSANDS_OF_LOGS = 120_000

/** A log of several segments, closed in good order or not. */
async function written(isClosed = true): Promise<SimDisk> {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, wanted)
  if (isClosed) await log.close()
  return disk.restart('process')
}

const pathOf = (disk: SimDisk, index: number) => segmentsOf(disk).at(index) as string

function change(disk: SimDisk, path: string, at: number, bytes: Uint8Array): void {
  const content = disk.contentOf(path)
  content.set(bytes, at)
  disk.overwrite(path, content)
}

function removeFile(disk: SimDisk, path: string): Promise<void> {
  return disk.remove(path)
}

/** What is there and what is told to be gone are everything, and what is there is what was written. */
async function checked(disk: SimDisk): Promise<LogVerification> {
  const there: number[] = []
  const verification = await verifyLog(disk, {
    record: ({ sequence, body }) => {
      expect(Buffer.from(body).toString()).toBe(wanted[sequence - 1])
      there.push(sequence)
    },
  })
  const gone = [...verification.damage, ...verification.absent].flatMap(({ first, next }) =>
    Array.from({ length: next - first }, (_, index) => first + index),
  )
  const all = [...there, ...gone].sort((a, b) => a - b)
  expect(all).toEqual(Array.from({ length: verification.next - 1 }, (_, index) => index + 1))
  return verification
}

test(
  'every byte at which the last 4 KiB can be cut: after an orderly close, exactly what is gone is told',
  async () => {
    const disk = await written()
    const path = pathOf(disk, -1)
    const whole = disk.contentOf(path)
    for (let cut = Math.max(0, whole.length - 4096); cut < whole.length; cut++) {
      disk.overwrite(path, whole.subarray(0, cut))
      const { damage, next } = await checked(disk)
      expect(next).toBe(COUNT + 1)
      // The last bytes of a batch are zeros that say nothing.
      const isWhole = whole.subarray(cut).every(byte => byte === 0) && cut > whole.length - 8
      expect(damage.length === 0).toBe(isWhole)
    }
  },
  THOUSANDS_OF_LOGS,
)

test(
  'every byte at which the last 4 KiB can be cut: without a close, whole batches stay and none is made up',
  async () => {
    const disk = await written(false)
    const path = pathOf(disk, -1)
    const whole = disk.contentOf(path)
    for (let cut = Math.max(72, whole.length - 4096); cut < whole.length; cut++) {
      disk.overwrite(path, whole.subarray(0, cut))
      const { damage, next } = await checked(disk)
      expect(damage).toEqual([])
      expect(COUNT + 1 - next).toBeLessThanOrEqual(Math.ceil((whole.length - cut) / BATCH))
    }
  },
  THOUSANDS_OF_LOGS,
)

test('a flipped bit costs the batch it hits, whichever segment it is in', async () => {
  const disk = await written()
  for (const index of [0, 2, -1]) {
    const path = pathOf(disk, index)
    const whole = disk.contentOf(path)
    for (let at = 72; at < whole.length; at += 37) {
      const flipped = Buffer.from(whole)
      flipped[at] = (whole[at] as number) ^ 0x10
      disk.overwrite(path, flipped)
      const { damage, records, next } = await checked(disk)
      expect(next).toBe(COUNT + 1)
      expect(damage.length).toBeLessThanOrEqual(1)
      expect(records).toBe(COUNT - damage.length)
    }
    disk.overwrite(path, whole)
  }
})

test('a damaged log is refused by name, stays as it is, and is opened when it is repaired', async () => {
  const disk = await written()
  const path = pathOf(disk, 1)
  change(disk, path, 72 + BATCH * 3 + 60, Buffer.from('!'))
  const damaged = disk.contentOf(path)
  const first = 1 + Math.ceil((4096 - 72) / BATCH) + 3
  await expect(opened({ disk })).rejects.toMatchObject({
    code: 'DAMAGED',
    message: `The log is damaged: segment 2 (batches, bytes 528 to 680): record ${first} lost. Restore the folder from a copy, or let repairLog declare what is lost.`,
    details: { damage: [{ kind: 'batches', segmentId: 2, offset: 528, end: 680, first, next: first + 1 }] },
  })
  expect(disk.contentOf(path)).toEqual(damaged)

  const report = await repairLog(disk)
  expect(report.damage).toMatchObject([{ first, next: first + 1 }])
  expect(disk.contentOf(report.quarantined[0] as string)).toEqual(damaged)
  const { log, replayed } = await opened({ disk })
  expect([...replayed.values()]).toEqual(wanted.filter((_, index) => index !== first - 1))
  expect(log.recovery).toMatchObject({ damage: [], absent: [{ first, next: first + 1 }] })
  expect(textsOf(await readAll(log)).length).toBe(COUNT - 1)
  expect(await log.append(1, Buffer.from('more'))).toBe(COUNT + 1)
})

test('a reader that comes to damage says so, and tells nothing that is altered', async () => {
  const disk = await written()
  const { log } = await opened({ disk })
  await log.checkpoint({ sequence: COUNT, state: Buffer.from('all') })
  change(disk, pathOf(disk, 1), 72 + BATCH * 3 + 60, Buffer.from('!'))
  const read: string[] = []
  const reading = async () => {
    for await (const records of log.read(1)) read.push(...textsOf(records))
  }
  await expect(reading()).rejects.toMatchObject({ code: 'DAMAGED' })
  expect(wanted.slice(0, read.length)).toEqual(read)
  // Behind it everything is as it was.
  expect(textsOf(await readAll(log, 60))).toEqual(wanted.slice(59))
})

test.each([
  ['the first', 0],
  ['one in the middle', 2],
])('%s of the files missing is told with its numbers, and can be declared', async (_, index) => {
  const disk = await written()
  await removeFile(disk, pathOf(disk, index))
  const { damage, records } = await checked(disk)
  expect(damage).toMatchObject([{ kind: 'segment', segmentId: index + 1 }])
  await expect(opened({ disk })).rejects.toMatchObject({ code: 'DAMAGED' })
  await repairLog(disk)
  expect(await checked(disk)).toMatchObject({ damage: [], records })
})

test.each([0, 2, -1])('a header that is damaged hides nothing (segment %d)', async index => {
  const disk = await written()
  change(disk, pathOf(disk, index), 30, Buffer.from([99]))
  const { damage, records } = await checked(disk)
  expect([records, damage.map(({ kind }) => kind)]).toEqual([COUNT, ['header']])
  await expect(opened({ disk })).rejects.toMatchObject({ code: 'DAMAGED' })
  await repairLog(disk)
  expect(await checked(disk)).toMatchObject({ damage: [], records: COUNT })
})

test('a loss that is declared at the end of a segment stays declared when the header behind it is damaged', async () => {
  const disk = await written()
  const [first, second] = [pathOf(disk, 0), pathOf(disk, 1)]
  const { length } = disk.contentOf(first)
  change(disk, first, length - 2 * BATCH, Buffer.alloc(2 * BATCH, 1))
  const { damage: lost } = await repairLog(disk)
  expect(disk.contentOf(first)).toHaveLength(length)
  change(disk, second, 0, Buffer.alloc(72, 1))
  const { damage, absent } = await checked(disk)
  expect(absent).toEqual(lost.map(({ first, next }) => ({ first, next })))
  expect(damage).toMatchObject([{ kind: 'header', first: damage[0]?.next }])
})

test('a log that is shorter than its checkpoint says is damaged, and its numbers are not used again', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(20))
  await log.checkpoint({ sequence: 20, state: Buffer.from('twenty') })
  const next = disk.restart('process')
  const path = pathOf(next, 0)
  next.overwrite(path, next.contentOf(path).subarray(0, 72 + BATCH * 12))
  await expect(opened({ disk: next })).rejects.toMatchObject({
    details: { damage: [{ kind: 'tail', first: 13, next: 21 }] },
  })
  const again = await opened({ disk: next, onDamage: 'quarantine' })
  expect(await again.log.append(1, Buffer.from('more'))).toBe(21)
  await again.log.close()
  const third = await opened({ disk: next })
  expect([third.restored, [...third.replayed], third.log.recovery.damage]).toEqual(['twenty', [[21, 'more']], []])
})

/** A closed log of 60 records, of which two checkpoints say that those before 50 are not wanted: the segments that are left begin with `first`. */
async function trimmed(): Promise<{ readonly disk: SimDisk; readonly first: number }> {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(60))
  for (const state of ['a', 'b']) await log.checkpoint({ sequence: 60, state: Buffer.from(state), keepFrom: 50 })
  await log.close()
  return { disk: disk.restart('process'), first: log.segments[0]?.first ?? 0 }
}

const loseCheckpoints = (disk: SimDisk): void => {
  for (const path of disk.paths) if (path.startsWith('checkpoints/')) disk.overwrite(path, Buffer.from('no'))
}

test('the beginning of a log is told to be lost when no checkpoint is left to say that it is not wanted', async () => {
  const { disk: next, first } = await trimmed()
  expect(first).toBeGreaterThan(1)
  loseCheckpoints(next)
  await expect(opened({ disk: next })).rejects.toMatchObject({
    details: { damage: [{ kind: 'segment', first: 1, next: first }] },
  })
  await repairLog(next)
  expect(await verifyLog(next)).toMatchObject({ damage: [], absent: [{ first: 1, next: first }], next: 61 })
  expect((await opened({ disk: next })).replayed.size).toBe(61 - first)
})

test('nor is it forgotten by a repair of the first segment that is left', async () => {
  const { disk: next, first } = await trimmed()
  change(next, pathOf(next, 0), 30, Buffer.from([99]))
  await repairLog(next)
  expect(await verifyLog(next)).toMatchObject({ damage: [], absent: [], next: 61 })
  loseCheckpoints(next)
  await expect(opened({ disk: next })).rejects.toMatchObject({
    details: { damage: [{ kind: 'segment', first: 1, next: first }] },
  })
})

test('all files gone is told, where a checkpoint knows that there were some', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(20))
  await log.checkpoint({ sequence: 20, state: Buffer.from('twenty') })
  for (const path of segmentsOf(disk)) await removeFile(disk, path)
  const next = disk.restart('process')
  await expect(opened({ disk: next })).rejects.toMatchObject({ details: { damage: [{ first: 1, next: 21 }] } })
  const again = await opened({ disk: next, onDamage: 'quarantine' })
  expect([again.restored, await again.log.append(1, Buffer.from('more'))]).toEqual(['twenty', 21])
  // Whoever comes later is told, too.
  expect((await verifyLog(next)).absent).toEqual([{ first: 1, next: 21 }])
})

test('a dump has a line for every record, and one for everything that is not there', async () => {
  const disk = await written()
  change(disk, pathOf(disk, 1), 72 + BATCH * 3 + 60, Buffer.from('!'))
  const lines: { readonly sequence?: number; readonly body?: string; readonly damage?: object }[] = []
  await dumpLog(disk, line => lines.push(JSON.parse(line)))
  expect(lines.length).toBe(COUNT)
  expect(lines[0]).toMatchObject({ sequence: 1, kind: 1, body: Buffer.from(wanted[0] as string).toString('base64') })
  expect(lines.at(-1)).toMatchObject({ damage: { kind: 'batches', segmentId: 2 } })
})

test('whoever reads or opens a log of several segments is told how far that has come, up to the last byte', async () => {
  const disk = await written()
  const sizes = segmentsOf(disk).map(path => disk.contentOf(path).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const wantedSteps = sizes.map((_, index) => ({
    read: sizes.slice(0, index + 1).reduce((sum, size) => sum + size),
    total,
  }))
  const steps: { readonly by: string; readonly step: LogProgress }[] = []
  const told = (by: string) => ({ progress: (step: LogProgress) => steps.push({ by, step }) })
  await verifyLog(disk, told('verify'))
  await dumpLog(disk, () => {}, told('dump'))
  await opened({ disk: disk.restart('process'), ...told('open') })
  for (const by of ['verify', 'dump', 'open']) {
    expect(steps.filter(entry => entry.by === by).map(({ step }) => step)).toEqual(wantedSteps)
  }
  expect(wantedSteps.length).toBeGreaterThan(2)
})
