import type { BenchedBroker } from '../broker.ts'
import type { Machine } from '../machine.ts'
import type { Measured } from '../measure-all.ts'
import type { Options } from '../options.ts'
import type { Column, Scenario } from '../scenario.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { noiseOf, quantile } from '../statistics.ts'
import { goalTable, range } from './goals.ts'
import { Samples } from './samples.ts'
import { number, table } from './table.ts'

/** Everything that a run found, as Markdown that reads well in a terminal too. */
export function reportOf(broker: BenchedBroker, run: Measured, machine: Machine, options: Options): string {
  const samples = new Samples(run.samples)
  const measured = SCENARIOS.filter(({ name }) => samples.has(name))
  const goals = goalTable(broker, samples)
  return [
    conditions(machine, options, roundsOf(measured, samples), noise(measured, samples)),
    subjects(broker, samples, measured),
    ...(run.failures.length === 0
      ? []
      : [`Could not be measured:\n\n${run.failures.map(line => `- ${line}`).join('\n')}`]),
    ...(goals === '' ? [] : [`#### Goals\n\n${goals}`]),
    ...measured.map(
      scenario => `#### \`${scenario.name}\` – ${scenario.title}\n\n${section(broker, scenario, samples)}`,
    ),
  ].join('\n\n')
}

function conditions(
  { cpu, memory, system, node, server, date, versions, load }: Machine,
  options: Options,
  rounds: string,
  noise: string,
): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${[date, cpu, memory, system, `Node ${node}`, ...(server === undefined ? [] : [server]), ...packages].join(' · ')}.`,
    `${rounds} interleaved rounds${options.quick ? ' (--quick: not to be quoted)' : ''}, a process for each measurement;`,
    `noise ± ${noise} (median of half the distance from the fastest to the slowest round);`,
    `load of the machine ${load.join(' before, ')} after.`,
  ].join('\n')
}

/** Runs that were put together may have had different numbers of them. */
function roundsOf(measured: readonly Scenario[], samples: Samples): string {
  const counts = measured.flatMap(({ name, columns: [first] }) =>
    samples.subjectsOf(name).map(subject => samples.values(name, subject, first?.figure ?? '').length),
  )
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? String(most) : `${least} to ${most}`
}

function noise(measured: readonly Scenario[], samples: Samples): string {
  const all = measured.flatMap(({ name, columns, compared }) =>
    samples.subjectsOf(name).flatMap(subject => {
      const { figure } = columns[0] as Column
      // One measurement is as far from itself as nothing: it says nothing of the noise.
      const isRepeated = compared && samples.values(name, subject, figure).length > 1
      const found = isRepeated ? samples.spread(name, subject, figure) : undefined
      return found === undefined ? [] : [noiseOf(found)]
    }),
  )
  return all.length === 0 ? 'unknown' : `${number(quantile(all, 0.5) * 100, 0)} %`
}

function subjects(broker: BenchedBroker, samples: Samples, measured: readonly Scenario[]): string {
  const present = new Set(measured.flatMap(({ name }) => samples.subjectsOf(name)))
  const rows = broker.subjects.filter(({ name }) => present.has(name)).map(({ name, what }) => `- \`${name}\`: ${what}`)
  return rows.join('\n')
}

function section(broker: BenchedBroker, scenario: Scenario, samples: Samples): string {
  const [first] = scenario.columns
  const columns = scenario.columns.filter(({ figure }) => samples.isKnown(scenario.name, figure))
  const head = ['subject', ...columns.map(({ title }) => title), `min–max`]
  const rows = samples.subjectsOf(scenario.name).map(subject => {
    const cells = columns.map(({ figure, digits }) =>
      number(samples.spread(scenario.name, subject, figure)?.median ?? Number.NaN, digits),
    )
    const main = first && samples.spread(scenario.name, subject, first.figure)
    return [subject, ...cells, main ? range(main, first.digits) : '', ...ratioCells(broker, scenario, samples, subject)]
  })
  return table(scenario.compared ? [...head, 'ours ÷ it', 'min–max'] : head, rows)
}

function ratioCells({ ours }: BenchedBroker, scenario: Scenario, samples: Samples, subject: string): readonly string[] {
  if (!scenario.compared) return []
  const [{ figure }] = scenario.columns as [Column]
  const ratio = samples.ratio(scenario.name, ours, subject, figure)
  return ratio === undefined || subject === ours ? ['', ''] : [number(ratio.median, 2), range(ratio)]
}
