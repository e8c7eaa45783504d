import type { PluribusError } from '../errors/pluribus-error.js'
import type { Receipt } from './publish-options.js'

/**
 * What became of each message of a `publishMany`.
 *
 * @example
 * ```ts
 * import type { PublishReport } from '@pluribus/core'
 *
 * const summary = (report: PublishReport) => `${report.stored} stored, ${report.failures.length} failed`
 * ```
 */
export interface PublishReport {
  /** How many are stored, duplicates included. */
  readonly stored: number
  /** The others, by their place in the batch. */
  readonly failures: readonly { readonly index: number; readonly id: string; readonly error: PluribusError }[]
  /** One receipt a message, in order; `undefined` for the failed ones. Made when first read. */
  readonly receipts: readonly (Receipt | undefined)[]
}
