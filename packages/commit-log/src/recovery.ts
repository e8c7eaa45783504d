import type { AbsentRange } from './absent-range.js'
import { beforeFirst } from './before-first.js'
import { type Damage, damaged } from './damage.js'
import type { Disk, DiskFile } from './disk.js'
import { type DiskSpace, withReserve } from './disk-space.js'
import type { LogEnvironment } from './environment.js'
import { LOG_ID_BYTES, SEGMENT_HEADER, type SegmentHeader, type SegmentKey } from './format/segment-header.js'
import { type Inventory, takeInventory } from './inventory.js'
import { LogError } from './log-error.js'
import type { ResolvedOptions } from './log-options.js'
import { endOfNew, type FirstBatch, prepareSegment } from './new-segment.js'
import { insistOnOwnership } from './ownership.js'
import { CHECKPOINTS, QUARANTINE, SEGMENTS, segmentPath, UNFINISHED } from './paths.js'
import { moveToQuarantine, repairDamage } from './repair.js'
import { SegmentEntry } from './segment-table.js'
import { type Survey, surveyLog } from './survey.js'
import { isMissing, nameFile, removeIfThere } from './whole-file.js'

/**
 * What was found when a log was opened, beside what should be there.
 *
 * @example
 * ```ts
 * import type { RecoveryReport } from '@pluribus/commit-log'
 *
 * const isUneventful = ({ damage, discarded }: RecoveryReport) => damage.length === 0 && discarded === undefined
 * ```
 */
export interface RecoveryReport {
  /** Whether nothing was stored since a writer has closed the log in good order. */
  readonly wasClosed: boolean
  /** What was lost; empty unless the log was opened with `onDamage: 'quarantine'`. */
  readonly damage: readonly Damage[]
  /**
   * What the log says that it does not have behind the checkpoint. A repair may have been interrupted before it could tell anybody.
   */
  readonly absent: readonly AbsentRange[]
  /**
   * Where a batch began that was being written when the last writer ended: it had not been acknowledged, unless it has decayed since, which
   * looks the same. Its bytes stay in the segment.
   */
  readonly discarded: { readonly segmentId: number; readonly offset: number; readonly first: number } | undefined
  /** Files in quarantine, new there. */
  readonly quarantined: readonly string[]
}

/** A log that can be written. */
export interface RecoveredLog {
  readonly logId: Buffer
  readonly inventory: Inventory
  readonly segments: readonly SegmentEntry[]
  /** The last segment, open for writing. */
  readonly file: DiskFile
  readonly next: number
  readonly lastTime: number
  readonly generation: number
  readonly report: RecoveryReport
}

/**
 * Opens a log after whatever has happened to it. It never appends to an old segment, whose end may only exist in the page cache: it begins a
 * new one with a copy of the last batch that nothing proves to be on the device. It may be interrupted at any point, and done again.
 *
 * @param all Whether to verify, too, what a checkpoint makes unnecessary to read.
 */
export async function recoverLog(options: ResolvedOptions, space: DiskSpace, all = false): Promise<RecoveredLog> {
  const { disk, replay, verify } = options
  await prepareFolders(disk, verify)
  const inventory = await takeInventory(disk)
  const checkpoint = inventory.checkpoints[0]?.checkpoint
  if (checkpoint !== undefined) replay.restore({ sequence: checkpoint.sequence, state: checkpoint.state })
  const survey = await surveyLog(disk, inventory, {
    all,
    after: checkpoint?.sequence ?? 0,
    record: record => replay.record(record),
    progress: options.progress,
  })
  // What somebody finds who has been replaced meanwhile is of two times, and may look like damage.
  insistOnOwnership(verify)
  const generation = nextGeneration(survey, options.generation)
  if (survey.damage.length > 0 && options.onDamage === 'refuse') throw damaged(survey.damage)
  const recovered = await withReserve(space, () => goOn(options, inventory, survey, generation))
  try {
    insistOnOwnership(verify)
    return recovered
  } catch (error) {
    await recovered.file.close()
    throw error
  }
}

/** Everything that recovery writes, once it knows what there is. */
async function goOn(
  { disk, environment, logId: wanted }: ResolvedOptions,
  inventory: Inventory,
  survey: Survey,
  generation: number,
): Promise<RecoveredLog> {
  const logId = inventory.logId ?? wanted ?? randomId(environment)
  const quarantined = [...(await repairDamage(disk, logId, survey))]
  for (const path of inventory.brokenCheckpoints) quarantined.push(...(await moveIfThere(disk, path)))
  const time = Math.max(survey.lastTime, environment.clock.now())
  const begun = await beginSegment(disk, inventory, survey, { logId, generation, time })
  try {
    quarantined.push(...(await clearAway(disk, survey, begun.replaced)))
  } catch (error) {
    await begun.file.close()
    throw error
  }
  const { damage, absent } = survey
  const wasClosed = inventory.clean?.end.next === survey.next
  const report = { wasClosed, damage, absent, discarded: discardedIn(survey), quarantined }
  return { ...begun, logId, inventory, generation, lastTime: time, next: survey.next, report }
}

/** Removes what is no longer part of the log. Returns what it put into quarantine instead. */
async function clearAway(disk: Disk, { orphans }: Survey, replaced: string | undefined): Promise<readonly string[]> {
  const quarantined: string[] = []
  for (const { path, header, size } of orphans) {
    // What its batches hold is in the log, or was never acknowledged. That is no reason to lose it.
    if (size <= SEGMENT_HEADER && header !== undefined) await removeIfThere(disk, path)
    else quarantined.push(...(await moveIfThere(disk, path)))
  }
  if (replaced !== undefined) await removeIfThere(disk, replaced)
  await disk.syncFolder(SEGMENTS)
  return quarantined
}

/** A writer that does not know yet that it has been replaced may have moved it. */
async function moveIfThere(disk: Disk, path: string): Promise<readonly string[]> {
  try {
    return [await moveToQuarantine(disk, path)]
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** What a writer finds unfinished is nobody's, as long as nobody has replaced it since it looked: names of later writers are others. */
async function prepareFolders(disk: Disk, verify: () => void): Promise<void> {
  insistOnOwnership(verify)
  await disk.makeFolder('')
  for (const folder of [SEGMENTS, CHECKPOINTS, QUARANTINE]) await disk.makeFolder(folder)
  await disk.syncFolder('')
  for (const folder of ['', SEGMENTS, CHECKPOINTS, QUARANTINE]) {
    const names = await disk.list(folder)
    for (const name of names) {
      if (!name.endsWith(UNFINISHED)) continue
      insistOnOwnership(verify)
      await removeIfThere(disk, folder === '' ? name : `${folder}/${name}`)
    }
  }
}

function nextGeneration(survey: Survey, wanted: number | undefined): number {
  if (wanted === undefined) return survey.generation + 1
  if (wanted >= survey.generation) return wanted
  throw new LogError(
    'OUTDATED',
    `A writer of generation ${survey.generation} has had the log, and this one is of ${wanted}.`,
    { details: { found: survey.generation, generation: wanted } },
  )
}

const randomId = ({ random }: LogEnvironment): Buffer =>
  Buffer.from(Array.from({ length: LOG_ID_BYTES }, () => Math.floor(random() * 256)))

function discardedIn({ segments, torn }: Survey): RecoveryReport['discarded'] {
  const last = segments.at(-1)
  if (!torn || last === undefined) return undefined
  return { segmentId: last.link.id, offset: last.end.offset, first: last.end.next }
}

interface BegunSegment {
  readonly segments: readonly SegmentEntry[]
  readonly file: DiskFile
  /** Path of a segment that the new one has made superfluous. */
  readonly replaced: string | undefined
}

async function beginSegment(
  disk: Disk,
  inventory: Inventory,
  survey: Survey,
  common: Pick<SegmentHeader, 'logId' | 'generation' | 'time'>,
): Promise<BegunSegment> {
  const ids = [...inventory.segments, ...survey.segments.map(({ link }) => link)].map(({ id }) => id)
  const marks = [inventory.clean?.segmentId, ...inventory.checkpoints.map(({ checkpoint }) => checkpoint.segmentId)]
  const id = 1 + Math.max(0, ...ids, ...marks.map(mark => mark ?? 0))
  const { segments, previous, replaced } = whatStays(survey, { id, generation: common.generation })
  const first = survey.unproven
  const base = first?.header.first ?? survey.next
  const made = await makeSegment(disk, { ...common, id, base, previous }, first)
  if (made.entry.end.next === survey.next) {
    return { segments: [...segments, made.entry], file: made.file, replaced }
  }
  // Within a segment there are no gaps: what a checkpoint knows to be lost lies between this one and the next.
  await made.file.close()
  const header = {
    ...common,
    id: id + 1,
    base: survey.next,
    previous: { id, generation: common.generation, ...made.entry.end },
  }
  const { entry, file } = await makeSegment(disk, header)
  return { segments: [...segments, made.entry, entry], file, replaced }
}

/** The segments that stay, and where the new one ends the last of them. One that holds nothing more is left out of the log. */
function whatStays({ segments, unproven, torn, damage, next }: Survey, begun: SegmentKey) {
  const entries = segments.map(
    ({ link, base, end, lastTime }) =>
      new SegmentEntry({ ...link, base, path: segmentPath({ ...link, base }), end, lastTime }),
  )
  const last = segments.at(-1)
  if (last === undefined) {
    // There is nothing: a new log, or one of which only a checkpoint is left, that says what is lost.
    return { segments: [], previous: beforeFirst(begun, damage[0]?.first ?? next), replaced: undefined }
  }
  const end = unproven === undefined ? last.end : { offset: unproven.offset, next: unproven.header.first }
  const header = last.link.found?.header
  if (end.offset === SEGMENT_HEADER && header !== undefined && !torn && damage.length === 0) {
    return { segments: entries.slice(0, -1), previous: header.previous, replaced: last.link.found?.path }
  }
  const { id, generation, base, path, lastTime } = entries.pop() as SegmentEntry
  entries.push(new SegmentEntry({ id, generation, base, path, end, lastTime }))
  return { segments: entries, previous: { id, generation, ...end }, replaced: undefined }
}

async function makeSegment(disk: Disk, header: SegmentHeader, first?: FirstBatch) {
  const unnamed = await prepareSegment(disk, header, first)
  await nameFile(disk, unnamed)
  const { id, generation, base, time: lastTime } = header
  const entry = new SegmentEntry({ id, generation, base, path: unnamed.path, end: endOfNew(header, first), lastTime })
  return { entry, file: unnamed.file }
}
