import type { SegmentEnd, SegmentKey } from './format/segment-header.js'
import type { FoundSegment } from './inventory.js'

/** A segment that is part of the log, whether its file is there or not. */
export interface LinkedSegment extends SegmentKey {
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
 * predecessor, the older is what its writer gave up, or what somebody wrote who did not know yet that he had been replaced.
 *
 * @param found In the order of their generations and ids.
 * @param keepFrom Up to this sequence number segments were removed on purpose.
 */
export function linkSegments(found: readonly FoundSegment[], keepFrom: number): Chain {
  const segments: LinkedSegment[] = []
  let wanted: SegmentKey | undefined = found.at(-1)
  let end: SegmentEnd | undefined
  let before: number | undefined
  while (wanted !== undefined) {
    const { id, generation }: SegmentKey = wanted
    const segment = find(found, wanted) ?? earlierThan(found, wanted)
    if (segment?.id !== id) {
      segments.unshift({ id, generation, found: undefined, end, before })
      before = end?.next ?? before
      end = undefined
    }
    if (segment === undefined) break
    segments.unshift({ id: segment.id, generation: segment.generation, found: segment, end, before })
    before = segment.base
    end = segment.header?.previous
    wanted = previousOf(segment, found, keepFrom)
  }
  const linked = new Set(segments.map(segment => segment.found))
  return { segments, orphans: found.filter(segment => !linked.has(segment)) }
}

const find = (found: readonly FoundSegment[], { id, generation }: SegmentKey): FoundSegment | undefined =>
  found.find(other => other.id === id && other.generation === generation)

/** The newest that stands before a segment: no later writer made it, under no larger id. */
const earlierThan = (found: readonly FoundSegment[], { id, generation }: SegmentKey): FoundSegment | undefined =>
  found.findLast(other => other.id < id && other.generation <= generation)

/** The segment before, or undefined where the log begins, or what was before was removed on purpose. */
function previousOf(segment: FoundSegment, found: readonly FoundSegment[], keepFrom: number): SegmentKey | undefined {
  const { header, id, base, generation } = segment
  if (header === undefined) {
    return earlierThan(found, segment) ?? (base <= keepFrom ? undefined : { id: id - 1, generation })
  }
  const { previous } = header
  if (previous.id === 0) return undefined
  return find(found, previous) !== undefined || previous.next > keepFrom ? previous : undefined
}
