import { loadBroker } from './broker.ts'
import type { Job } from './measurement.ts'
import { SCALES } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { serverTimeOf } from './server/server-time.ts'
import type { Subject } from './subject.ts'

/** One job, given as JSON; sends its figures to the parent. */
async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as Job
  const { subjects } = await loadBroker(job.broker)
  const subject = subjects.find(({ name }) => name === job.subject)
  const scenario = SCENARIOS.find(({ name }) => name === job.scenario)
  if (subject === undefined || scenario === undefined)
    throw new Error(`No such subject or scenario: ${process.argv[2]}`)
  const scale = SCALES[job.url === undefined ? 'memory' : 'server'][job.scale]
  const figures = await scenario.measure(job.url === undefined ? subject : onServer(subject, job.url), scale)
  // Without a parent, as one starts it by hand to look at one subject alone.
  if (process.send === undefined) console.info(figures)
  else process.send(figures, () => process.exit(0))
}

/** The subject as it is on a server: scenarios need not know that there is one. */
const onServer = (subject: Subject, url: string): Subject => ({
  ...subject,
  open: setup => subject.open({ ...setup, url }),
  serverTime: serverTimeOf(new URL(url)),
})

await main()
