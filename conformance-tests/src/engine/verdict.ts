/**
 * How a case ends.
 *
 * - `passed`: it ran to its end, and its history is clean.
 * - `failed`: it did not, or its history is not.
 * - `refused`: the adapter does not claim what it is about; a probe of its own shows whether that is refused properly.
 * - `skipped`: it is about something that the adapter does not claim and that nothing could refuse,
 *   or that shows only while it runs, such as leases.
 * - `blocked`: something that it needs of the surroundings is missing.
 * - `unknown`: it ran, and shows nothing.
 * - `deviation`: it failed, as the target's known deviations say.
 * - `stale-deviation`: a known deviation passes: take it off the list.
 * - `flaky`: it ended differently when it was repeated.
 *
 * @example
 * ```ts
 * import type { Verdict } from '@pluribus/conformance'
 *
 * const isBad = (verdict: Verdict) => verdict === 'failed' || verdict === 'stale-deviation' || verdict === 'flaky'
 * ```
 */
export type Verdict =
  | 'passed'
  | 'failed'
  | 'refused'
  | 'skipped'
  | 'blocked'
  | 'unknown'
  | 'deviation'
  | 'stale-deviation'
  | 'flaky'

/**
 * What a verdict counts as, wherever there are only three kinds. Nothing but `passed` counts as passed.
 *
 * @example
 * ```ts
 * import { type CaseResult, countsAs } from '@pluribus/conformance'
 *
 * const failures = (results: readonly CaseResult[]) => results.filter(({ verdict }) => countsAs(verdict) === 'failed')
 * ```
 */
export function countsAs(verdict: Verdict): 'passed' | 'failed' | 'skipped' {
  if (verdict === 'passed') return 'passed'
  return verdict === 'failed' || verdict === 'stale-deviation' || verdict === 'flaky' ? 'failed' : 'skipped'
}
