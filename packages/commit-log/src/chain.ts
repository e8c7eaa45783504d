import type { SegmentEnd } from './format/segment-header.js'
import type { FoundSegment } from './inventory.js'

/** A segment that is part of the log, whether its file is there or not. */
export interface LinkedSegment {
  readonly id: number
  /** Undefined where the file is missing. */
  readonly found: FoundSegment | undefined
  /** Where it ends, if an intact header behind it says so. */
  readonly end: SegmentEnd | undefined
  /** Sequence number of the first record behind it; undefined for the last segment. */
  readonly before: number | undefined
}

/** The segments of a log in order, and the files that are none of it. */
export interface Chain {
  readonly segments: readonly LinkedSegment[]
  /** Made by a writer that could not finish, or replaced by what came after. */
  readonly orphans: readonly FoundSegment[]
}

/**
 * Follows the links from the newest segment to the oldest. Whatever is not on that way is not part of the log: of two that name the same
 * predecessor, the older is what its writer gave up.
 *
 * @param keepFrom Up to this sequence number segments were removed on purpose.
 */
export function linkSegments(found: readonly FoundSegment[], keepFrom: number): Chain {
  const segments: LinkedSegment[] = []
  let wanted = found.at(-1)?.id
  let end: SegmentEnd | undefined
  let before: number | undefined
  while (wanted !== undefined) {
    const upTo: number = wanted
    const segment = found.findLast(({ id }) => id <= upTo)
    if (segment?.id !== wanted) {
      segments.unshift({ id: wanted, found: undefined, end, before })
      before = end?.next ?? before
      end = undefined
    }
    if (segment === undefined) break
    segments.unshift({ id: segment.id, found: segment, end, before })
    before = segment.base
    end = segment.header?.previous
    wanted = previousId(segment, found, keepFrom)
  }
  const linked = new Set(segments.map(({ id }) => id))
  return { segments, orphans: found.filter(({ id }) => !linked.has(id)) }
}

/** The id of the segment before, or undefined where the log begins, or what was before was removed on purpose. */
function previousId(segment: FoundSegment, found: readonly FoundSegment[], keepFrom: number): number | undefined {
  const { header, id, base } = segment
  if (header === undefined) {
    const guess = found.findLast(other => other.id < id)?.id
    return guess ?? (base <= keepFrom ? undefined : id - 1)
  }
  if (header.previous.id === 0) return undefined
  const isThere = found.some(other => other.id === header.previous.id)
  return isThere || header.previous.next > keepFrom ? header.previous.id : undefined
}
