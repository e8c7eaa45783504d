/**
 * What cases publish where it does not matter what: a number, counted from 1.
 *
 * @example
 * ```ts
 * import type { Sample } from '@pluribus/conformance'
 * import { topic } from '@pluribus/core'
 *
 * const orders = topic<Sample>('orders')
 * ```
 */
export interface Sample {
  readonly n: number
}
