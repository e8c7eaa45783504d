/**
 * How far an export has come, in bytes of the log. It is read in two steps: what came behind the last checkpoint, and then all of it.
 *
 * @example
 * ```ts
 * import type { ExportProgress } from '@pluribus/file'
 *
 * const show = ({ step, read, total }: ExportProgress) => process.stderr.write(`\r${step}/2 ${Math.floor((100 * read) / total)} %`)
 * ```
 */
export interface ExportProgress {
  readonly step: 1 | 2
  readonly read: number
  readonly total: number
}
