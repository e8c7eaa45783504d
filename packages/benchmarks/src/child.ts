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
  const { subject: placed, where } = placedAt(subject, job.url)
  const figures = await scenario.measure(placed, SCALES[where][job.scale])
  // Without a parent, as one starts it by hand to look at one subject alone.
  if (process.send === undefined) console.info(figures)
  else process.send(figures, () => process.exit(0))
}

/** The subject as it is where it is measured: scenarios need not know. */
function placedAt(subject: Subject, url: string | undefined): { subject: Subject; where: keyof typeof SCALES } {
  if (url === undefined) return { subject, where: 'memory' }
  if (url.startsWith('file:')) return { subject: inFolders(subject, url), where: 'folder' }
  return { subject: onServer(subject, url), where: 'server' }
}

/** A folder for each queue, unless it is to have that of the one before. */
function inFolders(subject: Subject, url: string): Subject {
  let opened = 0
  const open: Subject['open'] = setup => {
    if (setup.again !== true) opened++
    return subject.open({ ...setup, url: `${url}/${opened}` })
  }
  return { ...subject, open, folder: () => `${url}/${opened}`.slice('file:'.length) }
}

/** The subject as it is on a server: scenarios need not know that there is one. */
const onServer = (subject: Subject, url: string): Subject => ({
  ...subject,
  open: setup => subject.open({ ...setup, url }),
  serverTime: serverTimeOf(new URL(url)),
})

await main()
