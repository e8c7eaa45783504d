import { type CaseContext, Failure, type HistoryEvent } from '@pluribus/conformance'
import { type Figures, figuresOf } from './figures.ts'
import { RECOVERY } from './limits.ts'
import type { Outage } from './outage.ts'
import { watchPauses } from './pauses.ts'
import { type Load, Workload } from './workload.ts'

/** The work goes on for so long before the blow, at most, and after all flows again, in milliseconds. */
const BEFORE = 500
const AFTER = 1_000

/** How an outage is played. */
export interface Play {
  readonly load: Load
  /** How much longer than is promised recovery may take: on a machine that has other work. */
  readonly slow: number
  /** Is told the figures, of one that has failed too, and what they were read from. */
  onFigures(figures: Figures, history: readonly HistoryEvent[]): void
}

/** Starts the work, breaks something in the middle of it, waits until all is well again, and looks at what it cost. */
export async function episode(it: CaseContext, outage: Outage, { load, slow, onFigures }: Play): Promise<void> {
  const work = await Workload.start(it, load)
  await it.elapse(it.random() * BEFORE)
  await work.next(it.random() < 0.5 ? 'settle' : 'publish')
  const endOfPauses = watchPauses()
  const struck = await outage.strike(it, work)
  const failures = await recover(it, work, struck.over).catch((error: unknown) => [String(error)])
  const pause = endOfPauses()
  const history = it.history.whole
  const figures = { ...figuresOf(history, struck, work.consumers(struck.over)), pause }
  onFigures(figures, history)
  const problems = [...delaysIn(figures, limitsOf(outage, it.timing.lease, slow)), ...failures]
  if (problems.length > 0) throw new Failure(problems.join('\n'))
}

/** Lets everything flow again and come to its end; answers what did not. */
async function recover(it: CaseContext, work: Workload, over: number): Promise<readonly string[]> {
  await work.untilFlowing(over)
  await it.elapse(AFTER)
  const unfinished = await work.drain()
  await work.close()
  return unfinished === 0 ? [] : [`${unfinished} messages that were stored were not handled after the outage.`]
}

/** The most that may pass, in milliseconds. */
export interface Limits {
  readonly flow: number
  /** `undefined`: what was in flight need not come back. */
  readonly back: number | undefined
}

const limitsOf = ({ givesBack = false, forgets = false }: Outage, lease: number, slow: number): Limits => ({
  flow: slow * RECOVERY,
  back: forgets ? undefined : slow * RECOVERY + (givesBack ? 0 : lease),
})

/** What took longer than is promised; what the history shows beside that is judged by its checks. */
export function delaysIn({ flow, awake, back, missing }: Figures, limits: Limits): readonly string[] {
  const problems: string[] = []
  if (flow === undefined || flow > limits.flow)
    problems.push(`New messages flowed ${flow ?? 'never'} ms after the return: within ${limits.flow} ms is promised.`)
  if (awake === undefined || awake > limits.flow)
    problems.push(`The last consumer ran something after ${awake ?? 'never'} ms: within ${limits.flow} ms is promised.`)
  if (limits.back === undefined) return problems
  if (back > limits.back)
    problems.push(`The last in flight was back ${back} ms after the return: within ${limits.back} ms is promised.`)
  if (missing.length > 0)
    problems.push(`${missing.length} messages in flight were not seen again: ${missing.slice(0, 5).join(', ')}`)
  return problems
}
