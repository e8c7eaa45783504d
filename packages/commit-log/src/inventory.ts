import type { Disk } from './disk.js'
import { type Checkpoint, decodeCheckpoint } from './format/checkpoint-file.js'
import { type CleanMark, decodeCleanMark } from './format/clean-mark.js'
import { decodeSegmentHeader, SEGMENT_HEADER, type SegmentHeader } from './format/segment-header.js'
import { LogError } from './log-error.js'
import {
  CHECKPOINTS,
  CLEAN,
  parseCheckpointName,
  parseSegmentName,
  SEGMENTS,
  type SegmentName,
  segmentPath,
} from './paths.js'
import { isMissing, readFile } from './whole-file.js'

/** A file of the log, by its name. */
export interface FoundSegment extends SegmentName {
  readonly path: string
  readonly size: number
  /** Undefined where it is damaged. */
  readonly header: SegmentHeader | undefined
}

/** A checkpoint that has checked, and where it is. */
export interface FoundCheckpoint {
  readonly serial: number
  readonly generation: number
  readonly path: string
  readonly checkpoint: Checkpoint
}

/** What there is in the folder of a log. */
export interface Inventory {
  /** Undefined where there is nothing yet. */
  readonly logId: Buffer | undefined
  /** In the order of their writers' generations, and of their ids: what a writer makes that has been replaced stands before its successor's. */
  readonly segments: readonly FoundSegment[]
  /** The newest first. */
  readonly checkpoints: readonly FoundCheckpoint[]
  /** Paths of checkpoints that have not checked. */
  readonly brokenCheckpoints: readonly string[]
  /** The highest that a checkpoint has had; 0 without any. */
  readonly lastSerial: number
  readonly clean: CleanMark | undefined
}

/**
 * Reads every name, header and checkpoint.
 *
 * @throws LogError `FOREIGN`, `UNSUPPORTED_FORMAT`.
 */
export async function takeInventory(disk: Disk): Promise<Inventory> {
  const segments: FoundSegment[] = []
  for (const name of await namesIn(disk, SEGMENTS)) {
    const parsed = parseSegmentName(name)
    if (parsed !== undefined) segments.push(await findSegment(disk, parsed))
  }
  segments.sort((a, b) => a.generation - b.generation || a.id - b.id)
  const { checkpoints, brokenCheckpoints, lastSerial } = await findCheckpoints(disk)
  const mark = await readFile(disk, CLEAN)
  const clean = mark === undefined ? undefined : decodeCleanMark(mark)
  const logId = commonId([
    ...segments.flatMap(({ path, header }) => (header === undefined ? [] : [{ path, id: header.logId }])),
    ...checkpoints.map(({ path, checkpoint }) => ({ path, id: checkpoint.logId })),
    ...(clean === undefined ? [] : [{ path: CLEAN, id: clean.logId }]),
  ])
  return { logId, segments, checkpoints, brokenCheckpoints, lastSerial, clean }
}

/** The latest generation of which there is a file: 0 without any. */
export const latestGeneration = ({ segments, checkpoints }: Pick<Inventory, 'segments' | 'checkpoints'>): number =>
  Math.max(0, segments.at(-1)?.generation ?? 0, checkpoints[0]?.generation ?? 0)

/** Names in a folder; none where there is no such folder. */
export async function namesIn(disk: Disk, folder: string): Promise<readonly string[]> {
  try {
    return await disk.list(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function findSegment(disk: Disk, name: SegmentName): Promise<FoundSegment> {
  const path = segmentPath(name)
  const file = await disk.open(path)
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER)
    const read = await file.read(bytes, 0)
    const header = decodeSegmentHeader(bytes.subarray(0, read))
    const { id, base, generation } = name
    const isItself = header?.id === id && header.base === base && header.generation === generation
    return { ...name, path, size: await file.size(), header: isItself ? header : undefined }
  } finally {
    await file.close()
  }
}

async function findCheckpoints(
  disk: Disk,
): Promise<Pick<Inventory, 'checkpoints' | 'brokenCheckpoints' | 'lastSerial'>> {
  const checkpoints: FoundCheckpoint[] = []
  const brokenCheckpoints: string[] = []
  let lastSerial = 0
  for (const name of await namesIn(disk, CHECKPOINTS)) {
    const parsed = parseCheckpointName(name)
    if (parsed === undefined) continue
    const { serial, generation } = parsed
    lastSerial = Math.max(lastSerial, serial)
    const path = `${CHECKPOINTS}/${name}`
    const bytes = await readFile(disk, path)
    // A writer that does not know yet that it has been replaced still removes its own.
    if (bytes === undefined) continue
    const checkpoint = decodeCheckpoint(bytes)
    if (checkpoint === undefined) brokenCheckpoints.push(path)
    else checkpoints.push({ serial, generation, path, checkpoint })
  }
  checkpoints.sort((a, b) => b.generation - a.generation || b.serial - a.serial)
  return { checkpoints, brokenCheckpoints, lastSerial }
}

function commonId(named: readonly { readonly path: string; readonly id: Buffer }[]): Buffer | undefined {
  const first = named[0]
  const other = named.find(({ id }) => first !== undefined && !id.equals(first.id))
  if (first === undefined || other === undefined) return first?.id
  throw new LogError(
    'FOREIGN',
    `${first.path} and ${other.path} belong to two logs. Move the files of one of them out of the folder.`,
    { details: { paths: [first.path, other.path] } },
  )
}
