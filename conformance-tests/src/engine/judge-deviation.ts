import type { Case } from '../case/case.js'
import type { Target } from '../target/target.js'
import type { Outcome } from './run-case.js'

/** A known deviation must go on failing, and not for ever. */
export function judgeDeviation({ id }: Case, target: Target, outcome: Outcome, today: string): Outcome {
  const known = target.knownDeviations?.find(deviation => deviation.case === id)
  if (known === undefined) return outcome
  const { reason, issue, expires } = known
  if (outcome.verdict === 'passed') {
    return {
      ...outcome,
      verdict: 'stale-deviation',
      reason: `It passes: take it off the known deviations (${reason}, ${issue}).`,
    }
  }
  if (outcome.verdict !== 'failed') return outcome
  if (today >= expires) {
    return {
      ...outcome,
      reason: `A known deviation that was to be mended by ${expires} (${reason}, ${issue}).\n${outcome.reason}`,
    }
  }
  return { ...outcome, verdict: 'deviation', reason: `Known until ${expires}: ${reason} (${issue})\n${outcome.reason}` }
}
