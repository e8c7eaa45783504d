/**
 * How far a log has been read, in bytes of segments. Told after each segment; the last time, both are equal.
 *
 * @example
 * ```ts
 * import { type LogProgress, nodeDisk, verifyLog } from '@pluribus/commit-log'
 *
 * const show = ({ read, total }: LogProgress) => process.stderr.write(`\r${Math.floor((100 * read) / total)} %`)
 * await verifyLog(nodeDisk('./data'), { progress: show })
 * ```
 */
export interface LogProgress {
  readonly read: number
  /** What there is to read, of a log that nobody writes to meanwhile. */
  readonly total: number
}
