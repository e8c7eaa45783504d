import { BATCH_HEADER } from './format/batch-header.js'
import { SEGMENT_HEADER, type SegmentHeader, type SegmentKey } from './format/segment-header.js'

/**
 * What the first segment that is left says of the one before it, when nothing else is known. What stood before `first` was removed on
 * purpose, as a checkpoint says; where none is left that says so, the segment named here is missed, and with it what it had.
 *
 * @param first The first sequence number that was still wanted: 1 where the log begins here.
 */
export function beforeFirst({ id, generation }: SegmentKey, first: number): SegmentHeader['previous'] {
  if (first <= 1 || id <= 1) return { id: 0, generation: 0, offset: 0, next: first }
  // Behind its header, because it was not empty.
  return { id: id - 1, generation, offset: SEGMENT_HEADER + BATCH_HEADER, next: first }
}
