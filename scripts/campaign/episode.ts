import { type CaseContext, Failure, type HistoryEvent } from '@pluribus/conformance'
import { type Consuming, type Figures, figuresOf } from './figures.ts'
import { RECOVERY } from './limits.ts'
import type { Outage } from './outage.ts'
import { watchPauses } from './pauses.ts'
import type { Struck } from './struck.ts'
import { type Load, Workload } from './workload.ts'

/** The work goes on for so long before the blow, at most, and after all flows again, in milliseconds. */
const BEFORE = 500
const AFTER = 1_000

/** How an outage is played. */
export interface Play {
  readonly load: Load
  /** How often it strikes, one blow after the other: at the same work, and the same store. */
  readonly blows: number
  /** How much longer than is promised recovery may take: on a machine that has other work. */
  readonly slow: number
  /** Is told the figures of each blow, of those that have failed too, and what they were read from. */
  onFigures(figures: readonly Figures[], history: readonly HistoryEvent[]): void
}

/** What is known of a blow when all is well again. */
interface Blow {
  readonly struck: Struck
  readonly consumers: readonly Consuming[]
  readonly pause: number
  /** Why all is not well again. */
  readonly failures: readonly string[]
}

/** Starts the work, breaks something in the middle of it, waits until all is well again, and looks at what it cost. */
export async function episode(it: CaseContext, outage: Outage, play: Play): Promise<void> {
  const work = await Workload.start(it, play.load, play.slow)
  const blows: Blow[] = []
  do {
    const isLast = blows.length === play.blows - 1
    blows.push(await blowOf(it, outage, work, isLast))
  } while (blows.length < play.blows && blows.at(-1)?.failures.length === 0)
  const history = it.history.whole
  const figures = blows.map(({ struck, consumers, pause }, number) => {
    const from = number === 0 ? 0 : struck.began
    const since = blows[number - 1]?.struck.over ?? 0
    const until = blows[number + 1]?.struck.began ?? Number.POSITIVE_INFINITY
    return { ...figuresOf(history, struck, consumers, { since, from, until }), pause }
  })
  play.onFigures(figures, history)
  const problems = blows.flatMap(({ struck, failures }, number) => {
    const limits = limitsOf(outage, struck, it.timing.lease, play.slow)
    const found = [...delaysIn(figures[number] as Figures, limits), ...failures]
    return play.blows === 1 ? found : found.map(problem => `Blow ${number + 1}: ${problem}`)
  })
  if (problems.length > 0) throw new Failure(problems.join('\n'))
}

async function blowOf(it: CaseContext, outage: Outage, work: Workload, isLast: boolean): Promise<Blow> {
  await it.elapse(it.random() * BEFORE)
  await work.next(it.random() < 0.5 ? 'settle' : 'publish')
  const endOfPauses = watchPauses()
  const struck = await outage.strike(it, work)
  const recovery = isLast ? recover(it, work, struck.over) : goOn(work, struck.over)
  const failures = await recovery.catch((error: unknown) => [String(error)])
  return { struck, consumers: work.consumers(struck.over), pause: endOfPauses(), failures }
}

/** Lets everything flow again, and what was in flight come to its end: what follows must not be taken for this blow's work. */
async function goOn(work: Workload, over: number): Promise<readonly string[]> {
  await work.untilFlowing(over)
  await work.untilBack(over)
  return []
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
  /** `undefined`: nobody has to be elected. */
  readonly led?: number | undefined
}

const limitsOf = (
  { givesBack = false, forgets = false }: Outage,
  { electedWithin }: Struck,
  lease: number,
  slow: number,
): Limits => ({
  flow: slow * RECOVERY,
  back: forgets ? undefined : slow * RECOVERY + (givesBack ? 0 : lease),
  led: electedWithin === undefined ? undefined : slow * electedWithin,
})

/** What took longer than is promised; what the history shows beside that is judged by its checks. */
export function delaysIn({ flow, awake, back, missing, led }: Figures, limits: Limits): readonly string[] {
  const problems: string[] = []
  if (limits.led !== undefined && (led === undefined || led > limits.led))
    problems.push(`Another process led ${led ?? 'never'} ms after the blow: within ${limits.led} ms is promised.`)
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
