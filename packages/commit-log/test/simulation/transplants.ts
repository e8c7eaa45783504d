import { repairLog, verifyLog } from '../../src/index.js'
import { SimDisk } from '../../src/testing/sim-disk.js'
import { JudgedLog } from './judged-log.js'
import { Ledger } from './ledger.js'
import { randomFrom } from './random.js'
import { insist } from './violation.js'

const HEADER = 72
const BATCH = 312

/** Where a device may put what it was to write elsewhere, and how much of it. */
interface Cut {
  readonly from: number
  readonly length: number
  /** Bytes by which it misses the start of a batch. */
  readonly shift: number
}

/**
 * Puts the batches of a log, and what is in them, in each other's places: all are of one size, so that nothing but their checksums
 * tells them apart. Whatever is told of the log afterwards was written, at that place.
 *
 * @returns How many were tried.
 */
export async function transplantEverything(): Promise<number> {
  const disk = new SimDisk(randomFrom(1))
  const ledger = new Ledger()
  const judged = await JudgedLog.open(disk, ledger)
  for (let round = 0; round < 30; round++) await judged.append(1)
  await judged.log.close()
  const paths = disk.paths.filter(path => path.startsWith('segments/')).sort()
  const cuts: readonly Cut[] = [
    { from: 0, length: BATCH, shift: 0 },
    { from: 40, length: BATCH - 40, shift: 0 },
    { from: 0, length: 2 * BATCH, shift: 0 },
    { from: 0, length: BATCH, shift: 16 },
  ]
  let count = 0
  for (const path of paths) {
    const whole = disk.contentOf(path)
    const source = disk.contentOf(paths[count % paths.length] as string)
    for (let at = HEADER; at + BATCH <= whole.length; at += BATCH) {
      for (let other = HEADER; other + BATCH <= source.length; other += BATCH) {
        for (const { from, length, shift } of cuts) {
          const changed = Buffer.from(whole)
          source.copy(changed, at + from + shift, other + from, Math.min(source.length, other + from + length))
          disk.overwrite(path, changed)
          if ((await verify(disk, ledger)) && shift > 0 && other % 5 === 0) await repair(disk, ledger)
          disk.overwrite(path, whole)
          count++
        }
      }
    }
  }
  return count
}

/** What is damaged can be declared, and then the log is whole. The disk is left as it was. */
async function repair(disk: SimDisk, ledger: Ledger): Promise<void> {
  const before = new Map(disk.paths.map(path => [path, disk.contentOf(path)]))
  await repairLog(disk)
  insist(!(await verify(disk, ledger)), () => 'a repaired log is damaged')
  for (const path of disk.paths) if (!before.has(path)) await disk.remove(path)
  for (const [path, bytes] of before) disk.overwrite(path, bytes)
}

/** Whether it is damaged. */
async function verify(disk: SimDisk, ledger: Ledger): Promise<boolean> {
  const there = new Set<number>()
  const { damage, absent, next } = await verifyLog(disk, {
    record: record => {
      const id = ledger.identify(record)
      insist(ledger.stored.get(record.sequence) === id, () => `${id} is told to be at ${record.sequence}`)
      there.add(record.sequence)
    },
  })
  for (let sequence = 1; sequence < next; sequence++) {
    const isTold = [...damage, ...absent].some(({ first, next: behind }) => sequence >= first && sequence < behind)
    insist(there.has(sequence) !== isTold, () => `${sequence} is neither there nor gone, or both`)
  }
  // A batch is one record, and no cut reaches more than two.
  insist(there.size >= ledger.size - 3, () => `${ledger.size - there.size} are gone`)
  return damage.length > 0
}
