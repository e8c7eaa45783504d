import type { BenchedBroker, Goal } from '../broker.ts'
import { type Spread, spreadOf } from '../statistics.ts'
import type { Samples } from './samples.ts'
import { number, table } from './table.ts'

interface Judged {
  readonly against: string
  readonly goal: string
  readonly found: Spread
  readonly met: boolean
}

/** Every goal that this run can judge, by its median. */
export function goalTable(broker: BenchedBroker, samples: Samples): string {
  const rows = broker.goals.flatMap(goal => {
    const judged = judge(goal, broker.ours, samples)
    if (judged === undefined) return []
    const { against, goal: wanted, found, met } = judged
    return [[goal.text, against, wanted, number(found.median, 2), range(found), met ? 'met' : 'NOT MET']]
  })
  return rows.length === 0 ? '' : table(['goal', 'against', 'wanted', 'median', 'min–max', 'verdict'], rows)
}

export const range = ({ min, max }: Spread, digits = 2): string => `${number(min, digits)}–${number(max, digits)}`

function judge(goal: Goal, ours: string, samples: Samples): Judged | undefined {
  if (goal.kind === 'ratio') {
    const found = samples.ratio(goal.scenario, ours, goal.against, 'rate')
    if (found === undefined) return undefined
    return { against: goal.against, goal: `≥ ${goal.atLeast} ×`, found, met: found.median >= goal.atLeast }
  }
  const found = goal.kind === 'limit' ? samples.spread(goal.scenario, ours, goal.figure) : growth(goal, ours, samples)
  if (found === undefined) return undefined
  const against = goal.kind === 'limit' ? '–' : goal.against
  const wanted = goal.kind === 'limit' ? `≤ ${goal.atMost}` : `≤ ${goal.atMost} × its growth`
  return { against, goal: wanted, found, met: found.median <= goal.atMost }
}

/** Our growth by theirs, round by round. */
function growth(goal: Goal & { kind: 'growth' }, ours: string, samples: Samples): Spread | undefined {
  const growthOf = (subject: string) => {
    const small = samples.values(goal.from, subject, 'cost')
    return samples.values(goal.to, subject, 'cost').map((cost, round) => cost / (small[round] as number))
  }
  const theirs = growthOf(goal.against)
  const found = growthOf(ours).map((factor, round) => factor / (theirs[round] as number))
  return found.length === 0 || theirs.length === 0 ? undefined : spreadOf(found)
}
