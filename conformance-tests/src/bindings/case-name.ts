import type { Case } from '../case/case.js'
import type { CaseResult } from '../engine/result.js'
import { countsAs } from '../engine/verdict.js'
import { failureText } from '../report/failure-text.js'

/** What runners call a case: the same in all of them, beginning with its id. */
export const caseName = ({ id, title }: Case): string => `${id} ${title}`

/** Why a case was not run to its end, as runners show it beside a skipped test. */
export const skipReason = ({ verdict, reason = '' }: CaseResult): string => `${verdict}: ${reason.split('\n', 1)[0]}`

/** Throws what a runner shows of a case that failed. */
export function assertPassed(result: CaseResult, seed: number): void {
  if (countsAs(result.verdict) === 'passed') return
  throw new Error(failureText(result, `conformance(target, { only: ['${result.case.id}'], seed: ${seed} })`))
}
