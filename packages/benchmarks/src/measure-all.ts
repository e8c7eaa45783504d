import { type BenchedBroker, takesPart } from './broker.ts'
import type { FreshPlace } from './fresh-place.ts'
import { measure, type Sample } from './measurement.ts'
import type { Options } from './options.ts'
import { Progress } from './progress.ts'
import { number } from './report/table.ts'
import type { Figures, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

/** What a run has found, and what it could not measure. */
export interface Measured {
  readonly samples: readonly Sample[]
  /** One line each. */
  readonly failures: readonly string[]
}

/** Scenario after scenario; within each, A B C A B C, so that what else the machine does hits all of them alike. */
export async function measureAll(
  broker: BenchedBroker,
  options: Options,
  place: FreshPlace | undefined,
): Promise<Measured> {
  const plan = planOf(broker, options)
  if (plan.length === 0) throw new Error(`Nothing to measure: ${broker.name} has ${broker.scenarios.join(', ')}.`)
  const progress = new Progress(plan.length)
  const samples: Sample[] = []
  const failures: string[] = []
  for (const { scenario, subject, round } of plan) {
    const scale = options.quick ? 'quick' : 'full'
    const what = `${scenario.name} ${round}/${options.rounds} ${subject}`
    try {
      const url = await place?.renew()
      const job = { broker: broker.name, scenario: scenario.name, subject, scale, ...(url && { url }) } as const
      const figures = await measure(job)
      samples.push({ scenario: scenario.name, subject, round, figures })
      progress.step(`${what} ${headline(scenario, figures)}`)
    } catch (error) {
      // Half an hour of other measurements is not lost for it.
      failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
      progress.step(`${what} FAILED`)
    }
  }
  return { samples, failures }
}

function headline({ columns: [first] }: Scenario, figures: Figures): string {
  return first === undefined ? '' : `${number(figures[first.figure] ?? Number.NaN, first.digits)} ${first.title}`
}

interface Step {
  readonly scenario: Scenario
  readonly subject: string
  readonly round: number
}

function planOf(broker: BenchedBroker, options: Options): readonly Step[] {
  const rounds = Array.from({ length: options.rounds }, (_, n) => n + 1)
  return SCENARIOS.filter(scenario => isWanted(scenario, broker, options)).flatMap(scenario =>
    rounds.flatMap(round => subjectsOf(broker, options, scenario).map(subject => ({ scenario, subject, round }))),
  )
}

const isWanted = ({ name, byNameOnly }: Scenario, broker: BenchedBroker, { only }: Options): boolean =>
  broker.scenarios.includes(name) && (only.length === 0 ? byNameOnly !== true : only.includes(name))

const subjectsOf = (broker: BenchedBroker, options: Options, scenario: Scenario): readonly string[] =>
  broker.subjects
    .filter(subject => takesPart(subject, scenario))
    .map(({ name }) => name)
    .filter(name => options.subjects.length === 0 || options.subjects.includes(name))
