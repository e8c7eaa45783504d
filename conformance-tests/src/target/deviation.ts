import { TargetError } from './target-error.js'

/**
 * A case that an adapter is known to fail, for now. It must go on failing: when it passes, or when `expires` is over, the
 * run fails.
 *
 * @example
 * ```ts
 * import type { Deviation } from '@pluribus/conformance'
 *
 * const deviation: Deviation = {
 *   case: 'LFO-08', reason: 'The server loses the order when it restarts.', issue: 'https://example.org/issues/7', expires: '2027-01-01',
 * }
 * ```
 */
export interface Deviation {
  /** The case's id. */
  readonly case: string
  readonly reason: string
  /** Where it is followed up. */
  readonly issue: string
  /** The first day on which it counts as a failure again: `2027-01-01`. */
  readonly expires: string
}

/** Throws a TargetError for a deviation without a date on which it ends. */
export function checkDeviation({ case: id, expires }: Deviation): void {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(expires) && !Number.isNaN(Date.parse(expires))
  if (!isDate)
    throw new TargetError(`The known deviation ${id} expires on "${expires}": write a date, such as 2027-01-31.`)
}
