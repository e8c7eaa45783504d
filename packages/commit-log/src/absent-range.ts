/**
 * Sequence numbers that a log says it does not have, from `first` up to, but not including, `next`: declared as lost by a repair, or used
 * up by an append that failed.
 *
 * @example
 * ```ts
 * import type { AbsentRange } from '@pluribus/commit-log'
 *
 * const has = (sequence: number, absent: readonly AbsentRange[]) =>
 *   !absent.some(({ first, next }) => sequence >= first && sequence < next)
 * ```
 */
export interface AbsentRange {
  readonly first: number
  readonly next: number
}
