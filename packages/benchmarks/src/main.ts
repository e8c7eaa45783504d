import { writeFileSync } from 'node:fs'
import { type BenchedBroker, loadBroker, takesPart } from './broker.ts'
import { describeMachine, load } from './machine.ts'
import { measure, type Sample } from './measurement.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { profile } from './profile/profile.ts'
import { writeReadme } from './report/readme.ts'
import { reportOf } from './report/report.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return void process.stdout.write(`${USAGE}\n`)
  const broker = await loadBroker(options.broker)
  if (options.profile !== undefined) return profile(broker, options.profile, options.subjects)
  const loadBefore = load()
  const samples = await measureAll(broker, options)
  const machine = describeMachine(broker.versions, loadBefore)
  const report = reportOf(broker, samples, machine, options)
  process.stdout.write(`\n${report}\n`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ broker: broker.name, machine, options, samples }, undefined, 2)}\n`)
  }
  if (options.write) writeReadme(broker.name, report)
}

/** Scenario after scenario; within each, A B C A B C, so that what else the machine does hits all of them alike. */
async function measureAll(broker: BenchedBroker, options: Options): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const scenario of SCENARIOS) {
    if (options.only.length > 0 && !options.only.includes(scenario.name)) continue
    for (let round = 1; round <= options.rounds; round++) {
      process.stderr.write(`${scenario.name} ${round}/${options.rounds}\n`)
      for (const subject of subjectsOf(broker, options, scenario)) {
        const job = {
          broker: broker.name,
          scenario: scenario.name,
          subject,
          scale: options.quick ? 'quick' : 'full',
        } as const
        samples.push({ scenario: scenario.name, subject, round, figures: await measure(job) })
      }
    }
  }
  return samples
}

function subjectsOf(broker: BenchedBroker, options: Options, scenario: Scenario): readonly string[] {
  return broker.subjects
    .filter(subject => takesPart(subject, scenario))
    .map(({ name }) => name)
    .filter(name => options.subjects.length === 0 || options.subjects.includes(name))
}

await main()
