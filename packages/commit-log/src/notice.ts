/**
 * Something that a log has noticed and lives with. Nothing has to be done about it but to show it to somebody.
 *
 * - `copied-forward`: a write failed; its batch was stored in a new segment instead.
 * - `roll-failed`: a new segment could not be begun; the old one goes on.
 * - `full`: the disk is full. Only vital records are taken.
 * - `room`: there is room again.
 * - `failed`: the disk failed twice, or another writer has the folder. The log takes no more records.
 * - `unclean`: the log was closed without its mark; opening it looks at its tail.
 * - `left-over`: a file that is no longer needed could not be closed or removed.
 *
 * @example
 * ```ts
 * import type { LogNotice } from '@pluribus/commit-log'
 *
 * const isUrgent = ({ kind }: LogNotice) => kind === 'full' || kind === 'failed'
 * ```
 */
export interface LogNotice {
  readonly kind: 'copied-forward' | 'roll-failed' | 'full' | 'room' | 'failed' | 'unclean' | 'left-over'
  /** What the disk said; undefined for `room`. */
  readonly error: unknown
}
