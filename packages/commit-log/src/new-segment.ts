import type { Disk, DiskFile } from './disk.js'
import { BATCH_HEADER, type BatchHeader, batchSize, encodeBatchHeader } from './format/batch-header.js'
import { batchSeed, logSeed } from './format/seeds.js'
import { encodeSegmentHeader, SEGMENT_HEADER, type SegmentHeader } from './format/segment-header.js'
import { segmentPath } from './paths.js'
import { prepareFile, type UnnamedFile, writeFully } from './whole-file.js'

/** A batch that a segment begins with. */
export interface FirstBatch {
  readonly header: BatchHeader
  readonly body: Buffer
}

/**
 * Writes a segment that begins with a batch, or with none, onto the device, under no name yet. From the moment it has one, what its
 * predecessor has behind `previous.offset` does not exist: a batch that could not be synced there is repeated here.
 */
export function prepareSegment(disk: Disk, header: SegmentHeader, first?: FirstBatch): Promise<UnnamedFile> {
  return prepareFile(disk, segmentPath(header), async file => {
    await writeFully(file, encodeSegmentHeader(header), 0)
    if (first !== undefined) await writeFirst(file, header, first)
  })
}

/** Where a new segment ends. */
export const endOfNew = ({ base }: SegmentHeader, first?: FirstBatch) => ({
  offset: SEGMENT_HEADER + (first === undefined ? 0 : batchSize(first.header)),
  next: base + (first?.header.count ?? 0),
})

/** The records are copied with their checksums, as they are; the header belongs to the segment. */
async function writeFirst(file: DiskFile, { logId, id }: SegmentHeader, { header, body }: FirstBatch): Promise<void> {
  const bytes = Buffer.alloc(batchSize(header))
  encodeBatchHeader(bytes, header, batchSeed(logSeed(logId), id, SEGMENT_HEADER))
  body.copy(bytes, BATCH_HEADER, 0, header.length)
  await writeFully(file, bytes, SEGMENT_HEADER)
}
