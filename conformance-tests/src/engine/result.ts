import type { Case } from '../case/case.js'
import type { HistoryEvent } from '../history/event.js'
import type { Verdict } from './verdict.js'

/**
 * What became of a case.
 *
 * @example
 * ```ts
 * import type { CaseResult } from '@pluribus/conformance'
 *
 * const line = ({ case: { id, title }, verdict, reason }: CaseResult) => `${id} ${title}: ${verdict} ${reason ?? ''}`
 * ```
 */
export interface CaseResult {
  readonly case: Case
  readonly verdict: Verdict
  /** Why it is anything but passed: a sentence or more. */
  readonly reason?: string
  /** Milliseconds of real time. */
  readonly duration: number
  /** The seed of its random numbers. */
  readonly seed: number
  /** What happened; kept only where it failed. */
  readonly history?: readonly HistoryEvent[]
  /** The positions of the events that show what is wrong, where checks have found it. */
  readonly evidence?: readonly number[]
}
