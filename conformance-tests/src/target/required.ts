import type { Claim } from '../claims/claim.js'

/**
 * The least that an adapter must claim, so that nobody passes by claiming nothing; numbers are lower bounds. Each adapter
 * has it as `required.json`.
 *
 * @example
 * ```ts
 * import type { Required } from '@pluribus/conformance'
 *
 * const required: Required = { claims: ['fifo:exact', 'from:earliest'], atLeast: { payload: 1_048_576 } }
 * ```
 */
export interface Required {
  readonly claims: readonly Claim[]
  readonly atLeast?: {
    readonly priorityLevels?: number
    readonly payload?: number
    readonly headers?: number
    readonly hold?: number
  }
}
