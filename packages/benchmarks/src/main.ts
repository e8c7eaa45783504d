import { writeFileSync } from 'node:fs'
import { type BenchedBroker, loadBroker } from './broker.ts'
import { describeMachine, load } from './machine.ts'
import { measureAll } from './measure-all.ts'
import { readOptions, USAGE } from './options.ts'
import { profile } from './profile/profile.ts'
import { writeReadme } from './report/readme.ts'
import { reportOf } from './report/report.ts'
import { FreshServer } from './server/fresh-server.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return void process.stdout.write(`${USAGE}\n`)
  const broker = await loadBroker(options.broker)
  await using server = await serverFor(broker)
  if (options.profile !== undefined) return await profile(broker, options.profile, options.subjects, server)
  const loadBefore = load()
  const { samples, failures } = await measureAll(broker, options, server)
  const machine = describeMachine(broker.versions, loadBefore, server?.version)
  const report = reportOf(broker, { samples, failures }, machine, options)
  process.stdout.write(`\n${report}\n`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ broker: broker.name, machine, options, samples }, undefined, 2)}\n`)
  }
  if (options.write) writeReadme(broker.name, report)
  if (failures.length > 0) process.exitCode = 1
}

const serverFor = async ({ server }: BenchedBroker): Promise<FreshServer | undefined> =>
  server === undefined ? undefined : await FreshServer.start(server)

await main()
