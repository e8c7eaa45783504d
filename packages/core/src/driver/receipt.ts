/**
 * The proof of a publish.
 *
 * @example
 * ```ts
 * import type { Receipt } from '@pluribus/core'
 *
 * const line = (receipt: Receipt) => `${receipt.id}${receipt.duplicate ? ' (was there already)' : ''}`
 * ```
 */
export interface Receipt {
  readonly id: string
  /** The id was published before, within the de-duplication window; nothing was stored this time. */
  readonly duplicate: boolean
}
