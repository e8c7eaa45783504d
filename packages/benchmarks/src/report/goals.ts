import type { BenchedBroker, Goal } from '../broker.ts'
import { type Spread, spreadOf } from '../statistics.ts'
import type { Samples } from './samples.ts'
import { number, table } from './table.ts'

interface Judged {
  readonly against: string
  readonly goal: string
  readonly found: Spread
  readonly met: boolean
  /** The same ratio by the CPU time of the main thread: what it would be on a machine with nothing else to do. */
  readonly byThread?: Spread | undefined
}

/** Every goal that this run can judge, by its median. */
export function goalTable(broker: BenchedBroker, samples: Samples): string {
  const rows = broker.goals.flatMap(goal => {
    const judged = judge(goal, broker.ours, samples)
    if (judged === undefined) return []
    const { against, goal: wanted, found, met, byThread } = judged
    return [
      [
        goal.text,
        against,
        wanted,
        number(found.median, 2),
        range(found),
        byThread ? number(byThread.median, 2) : '',
        met ? 'met' : 'NOT MET',
      ],
    ]
  })
  return rows.length === 0
    ? ''
    : table(['goal', 'against', 'wanted', 'median', 'min–max', 'by main thread', 'verdict'], rows)
}

export const range = ({ min, max }: Spread, digits = 2): string => `${number(min, digits)}–${number(max, digits)}`

function judge(goal: Goal, ours: string, samples: Samples): Judged | undefined {
  if (goal.kind === 'ratio') {
    const found = samples.ratio(goal.scenario, ours, goal.against, 'rate')
    if (found === undefined) return undefined
    const byThread = samples.ratio(goal.scenario, goal.against, ours, 'thread')
    return { against: goal.against, goal: `≥ ${goal.atLeast} ×`, found, byThread, met: found.median >= goal.atLeast }
  }
  if (goal.kind === 'cost') {
    const found = samples.ratio(goal.scenario, ours, goal.against, goal.figure)
    return found && { against: goal.against, goal: `≤ ${goal.atMost} ×`, found, met: found.median <= goal.atMost }
  }
  if (goal.kind === 'growth') {
    const found = growth(goal, ours, samples)
    const wanted = `≤ ${goal.atMost} × its growth`
    return found && { against: goal.against, goal: wanted, found, met: found.median <= goal.atMost }
  }
  const found = samples.spread(goal.scenario, ours, goal.figure)
  if (found === undefined) return undefined
  if (goal.kind === 'limit') return { against: '–', goal: `≤ ${goal.atMost}`, found, met: found.median <= goal.atMost }
  return { against: '–', goal: `≥ ${goal.atLeast}`, found, met: found.median >= goal.atLeast }
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
