import { LogError } from './log-error.js'

/**
 * Something that was in a log and is not, or not as it was.
 *
 * @example
 * ```ts
 * import type { Damage } from '@pluribus/commit-log'
 *
 * const lost = (damages: readonly Damage[]) => damages.reduce((sum, { first, next }) => sum + next - first, 0)
 * ```
 */
export interface Damage {
  /**
   * - `batches`: bytes within a segment, or at its end, are altered or missing.
   * - `header`: the first bytes of a segment are; its records may all be there.
   * - `segment`: a whole file is missing.
   * - `tail`: the log ends before a checkpoint says that it did.
   */
  readonly kind: 'batches' | 'header' | 'segment' | 'tail'
  readonly segmentId: number
  /** First byte of it, in the segment. */
  readonly offset: number
  /** Byte behind it. */
  readonly end: number
  /** Sequence number of the first record that is gone. */
  readonly first: number
  /** Sequence number after the last one: none is gone where it equals `first`. */
  readonly next: number
}

/** For people. */
export function describeDamage({ kind, segmentId, offset, end, first, next }: Damage): string {
  const records =
    next === first ? 'no record' : next === first + 1 ? `record ${first}` : `records ${first} to ${next - 1}`
  const place = kind === 'segment' ? 'is missing' : `${kind}, bytes ${offset} to ${end}`
  return `segment ${segmentId} (${place}): ${records} lost`
}

/** The error that names what is damaged, and what to do. */
export function damaged(damage: readonly Damage[]): LogError {
  const first = describeDamage(damage[0] as Damage)
  const more = damage.length > 1 ? `, and ${damage.length - 1} more` : ''
  return new LogError(
    'DAMAGED',
    `The log is damaged: ${first}${more}. Restore the folder from a copy, or let repairLog declare what is lost.`,
    { details: { damage } },
  )
}
