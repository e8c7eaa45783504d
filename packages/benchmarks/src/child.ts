import { loadBroker } from './broker.ts'
import type { Job } from './measurement.ts'
import { FULL, LONG, QUICK } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const SCALES = { full: FULL, quick: QUICK, long: LONG }

/** One job, given as JSON; sends its figures to the parent. */
async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as Job
  const { subjects } = await loadBroker(job.broker)
  const subject = subjects.find(({ name }) => name === job.subject)
  const scenario = SCENARIOS.find(({ name }) => name === job.scenario)
  if (subject === undefined || scenario === undefined)
    throw new Error(`No such subject or scenario: ${process.argv[2]}`)
  const figures = await scenario.measure(subject, SCALES[job.scale])
  // Without a parent, as one starts it by hand to look at one subject alone.
  if (process.send === undefined) console.info(figures)
  else process.send(figures, () => process.exit(0))
}

await main()
