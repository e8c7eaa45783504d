import { beforeFirst } from './before-first.js'
import type { Damage } from './damage.js'
import type { Disk, DiskFile } from './disk.js'
import { BATCH_HEADER, encodeBatchHeader } from './format/batch-header.js'
import { batchSeed, logSeed } from './format/seeds.js'
import { encodeSegmentHeader, SEGMENT_HEADER, type SegmentHeader } from './format/segment-header.js'
import { LogError } from './log-error.js'
import { QUARANTINE, SEGMENTS, segmentPath } from './paths.js'
import type { Survey, SurveyedSegment } from './survey.js'
import { folderOf, nameFile, prepareFile, writeFully } from './whole-file.js'

const CHUNK = 1024 * 1024

/**
 * Replaces what is damaged by a declaration of what is lost, so that the log is whole again, and says what it does not have. What was there
 * is copied to quarantine first. A crash at any moment leaves the damaged file or the mended one.
 *
 * @returns Paths in quarantine.
 */
export async function repairDamage(disk: Disk, logId: Buffer, survey: Survey): Promise<readonly string[]> {
  const kept: string[] = []
  for (const [index, segment] of survey.segments.entries()) {
    if (segment.damage.length === 0) continue
    const { found } = segment.link
    if (found !== undefined) kept.push(await copyToQuarantine(disk, found.path))
    const header = found?.header ?? headerFor(logId, segment, survey.segments[index - 1])
    await replaceSegment(disk, segment, header)
  }
  return kept
}

/** Moves a file to quarantine. */
export async function moveToQuarantine(disk: Disk, path: string): Promise<string> {
  const to = await freePath(disk, path)
  await disk.rename(path, to)
  await disk.syncFolder(QUARANTINE)
  await disk.syncFolder(folderOf(path))
  return to
}

async function copyToQuarantine(disk: Disk, path: string): Promise<string> {
  const to = await freePath(disk, path)
  const from = await disk.open(path)
  try {
    const unnamed = await prepareFile(disk, to, async file => copyRange(from, file, 0, await from.size()))
    await unnamed.file.close()
    await nameFile(disk, unnamed)
    return to
  } finally {
    await from.close()
  }
}

/** Nothing in quarantine is ever replaced. */
async function freePath(disk: Disk, path: string): Promise<string> {
  const names = new Set(await disk.list(QUARANTINE))
  const name = path.slice(path.lastIndexOf('/') + 1)
  let number = 1
  while (names.has(`${name}.${number}`)) number++
  return `${QUARANTINE}/${name}.${number}`
}

async function copyRange(from: DiskFile, to: DiskFile, start: number, end: number): Promise<void> {
  const bytes = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(0, end - start)))
  for (let at = start; at < end; ) {
    const read = await from.read(bytes.subarray(0, Math.min(bytes.length, end - at)), at)
    if (read === 0) return
    await writeFully(to, bytes.subarray(0, read), at)
    at += read
  }
}

function headerFor(
  logId: Buffer,
  { link, base, damage, lastTime }: SurveyedSegment,
  before: SurveyedSegment | undefined,
): SegmentHeader {
  const previous =
    before === undefined
      ? beforeFirst(link, Math.min(base, ...damage.map(({ first }) => first)))
      : { id: before.link.id, generation: before.link.generation, ...before.end }
  return { logId, id: link.id, base, previous, time: lastTime, generation: link.generation }
}

async function replaceSegment(disk: Disk, segment: SurveyedSegment, header: SegmentHeader): Promise<void> {
  const { link, base } = segment
  const path = link.found?.path ?? segmentPath({ ...link, base })
  const from = link.found === undefined ? undefined : await disk.open(link.found.path)
  try {
    const unnamed = await prepareFile(disk, path, async file => {
      await writeFully(file, encodeSegmentHeader(header), 0)
      await writeWithLosses(file, from, segment, header)
    })
    await unnamed.file.close()
    await nameFile(disk, unnamed)
    await disk.syncFolder(SEGMENTS)
  } finally {
    await from?.close()
  }
}

/** Intact batches stay where they are, with their checksums; what lies between becomes a declared loss of the same length. */
async function writeWithLosses(
  file: DiskFile,
  from: DiskFile | undefined,
  { damage, end }: SurveyedSegment,
  header: SegmentHeader,
): Promise<void> {
  let at = SEGMENT_HEADER
  for (const hole of damage.filter(({ kind }) => kind !== 'header')) {
    const offset = Math.max(hole.offset, SEGMENT_HEADER)
    if (from !== undefined) await copyRange(from, file, at, offset)
    if (hole.end > offset) await writeLoss(file, hole, offset, header)
    at = hole.end
  }
  if (from !== undefined) await copyRange(from, file, at, end.offset)
}

/** As long as it says, also where nothing stands behind it: a file that ends within a batch has a torn one, not a loss that is declared. */
async function writeLoss(file: DiskFile, hole: Damage, offset: number, header: SegmentHeader): Promise<void> {
  await writeFully(file, lossHeader(hole, offset, header), offset)
  if (hole.end > offset + BATCH_HEADER) await writeFully(file, Buffer.alloc(1), hole.end - 1)
}

function lossHeader(hole: Damage, offset: number, { logId, id, time, generation }: SegmentHeader): Buffer {
  const length = hole.end - offset - BATCH_HEADER
  if (length < 0) {
    throw new LogError(
      'DAMAGED',
      `Segment ${id} has no room at ${offset} to declare a loss; its writer was not this one.`,
    )
  }
  const bytes = Buffer.alloc(BATCH_HEADER)
  const lost = { kind: 'lost', length, first: hole.first, count: hole.next - hole.first, time, generation } as const
  encodeBatchHeader(bytes, lost, batchSeed(logSeed(logId), id, offset))
  return bytes
}
