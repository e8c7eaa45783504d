import { FileWindow } from '../src/file-window.js'
import { BATCH_HEADER, type BatchHeader, batchSize, encodeBatchHeader } from '../src/format/batch-header.js'
import { encodeRecord, type LogRecord, RECORD_OVERHEAD } from '../src/format/record-frame.js'
import { batchSeed, logSeed, recordSeed } from '../src/format/seeds.js'
import { encodeSegmentHeader, type SegmentEnd, type SegmentHeader } from '../src/format/segment-header.js'
import { type DamagedRegion, SegmentScanner } from '../src/segment-scanner.js'
import { bytesFile } from './bytes-file.js'

export const LOG_ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
export const LOG = logSeed(LOG_ID)

export const segmentHeader = (changes: Partial<SegmentHeader> = {}): SegmentHeader => ({
  logId: LOG_ID,
  id: 1,
  base: 1,
  previous: { id: 0, generation: 0, offset: 0, next: 1 },
  time: 1_700_000_000_000,
  generation: 3,
  ...changes,
})

/** A batch of records, as a writer makes it. */
export function batch(
  first: number,
  bodies: readonly Uint8Array[],
  changes: Partial<BatchHeader> = {},
  segment = 1,
  offset = 72,
) {
  const length = bodies.reduce((sum, body) => sum + RECORD_OVERHEAD + body.length, 0)
  const header: BatchHeader = {
    kind: 'data',
    length,
    first,
    count: bodies.length,
    time: 1_700_000_000_001,
    generation: 3,
    ...changes,
  }
  const bytes = Buffer.alloc(batchSize({ length }))
  let end = BATCH_HEADER
  for (const [index, body] of bodies.entries()) {
    end = encodeRecord(bytes, end, { kind: 7, body }, recordSeed(LOG, first + index))
  }
  encodeBatchHeader(bytes, header, batchSeed(LOG, segment, offset))
  return bytes
}

/** A batch that is told at which offset it begins. */
export const at =
  (first: number, bodies: readonly Uint8Array[], changes: Partial<BatchHeader> = {}, segment = 1) =>
  (offset: number) =>
    batch(first, bodies, changes, segment, offset)

/** A whole segment of batches. */
export const segment = (...batches: readonly ReturnType<typeof at>[]): Buffer =>
  batches.reduce((bytes, make) => Buffer.concat([bytes, make(bytes.length)]), encodeSegmentHeader(segmentHeader()))

export interface Scanned {
  readonly records: readonly LogRecord[]
  readonly damage: readonly DamagedRegion[]
  readonly end: SegmentEnd
  readonly hasRemainder: boolean
}

/** Everything that a scan of these bytes tells. */
export async function scan(bytes: Buffer, end?: SegmentEnd, id = 1): Promise<Scanned> {
  const scanner = new SegmentScanner(
    new FileWindow(bytesFile(bytes), bytes.length),
    { id, base: 1, end, before: undefined },
    LOG,
  )
  const records: LogRecord[] = []
  const damage: DamagedRegion[] = []
  const visitor = {
    batch: (found: { readonly records: readonly LogRecord[] }) => records.push(...found.records),
    damage: (region: DamagedRegion) => damage.push(region),
  }
  while (await scanner.advance(visitor, 3)) {
    // Each call goes on where the last one stopped.
  }
  return { records, damage, end: scanner.end, hasRemainder: await scanner.hasRemainder() }
}
