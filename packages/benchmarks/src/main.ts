import { readFileSync, writeFileSync } from 'node:fs'
import { type BenchedBroker, loadBroker } from './broker.ts'
import { FreshFolder } from './folder/fresh-folder.ts'
import type { FreshPlace } from './fresh-place.ts'
import { describeMachine, load } from './machine.ts'
import { measureAll } from './measure-all.ts'
import type { Sample } from './measurement.ts'
import { readOptions, USAGE } from './options.ts'
import { profile } from './profile/profile.ts'
import { writeReadme } from './report/readme.ts'
import { reportOf } from './report/report.ts'
import { FreshServer } from './server/fresh-server.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return void process.stdout.write(`${USAGE}\n`)
  const broker = await loadBroker(options.broker)
  await using place = await placeFor(broker)
  if (options.profile !== undefined) return await profile(broker, options.profile, options.subjects, place)
  const loadBefore = load()
  const { samples: measured, failures } = await measureAll(broker, options, place)
  const samples = [...options.add.flatMap(path => earlier(path, broker)), ...measured]
  const machine = describeMachine(broker.versions, loadBefore, place?.version)
  const report = reportOf(broker, { samples, failures }, machine, options)
  process.stdout.write(`\n${report}\n`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ broker: broker.name, machine, options, samples }, undefined, 2)}\n`)
  }
  if (options.write) writeReadme(broker.name, report)
  if (failures.length > 0) process.exitCode = 1
}

/** A long run is made of several, each while the machine has nothing else to do. */
function earlier(path: string, { name }: BenchedBroker): readonly Sample[] {
  const { broker, samples } = JSON.parse(readFileSync(path, 'utf8')) as { broker: string; samples: readonly Sample[] }
  if (broker !== name) throw new Error(`${path} has samples of ${broker}, not of ${name}.`)
  return samples
}

async function placeFor({ place }: BenchedBroker): Promise<(FreshPlace & AsyncDisposable) | undefined> {
  if (place === undefined) return undefined
  return place === 'folder' ? new FreshFolder() : await FreshServer.start(place)
}

await main()
