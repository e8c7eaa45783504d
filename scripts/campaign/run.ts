import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { failureText, type Target } from '@pluribus/conformance'
import { Campaign, type CampaignOptions, type OutageResult } from './campaign.ts'
import { fits } from './fits.ts'
import { listenForInterrupts } from './interrupts.ts'
import { LEAST_WITH_WORK } from './limits.ts'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'
import { type PlannedOutage, planOutages } from './plan.ts'
import { progressLine } from './progress-line.ts'
import { reportOf } from './report.ts'
import { statisticsOf, tableOf } from './statistics.ts'
import { targetModules } from './targets.ts'

type Print = (line: string) => void

/** Runs the command; answers its exit code. */
export async function run(args: readonly string[], print: Print): Promise<number> {
  try {
    const options = readOptions(args)
    if (options !== undefined) return await play(options, print)
    print(USAGE)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    print(`${error.message}\n\n${USAGE}`)
    return 3
  }
}

async function play(options: Options, print: Print): Promise<number> {
  const target = await loadTarget(options.adapter)
  const outages = planOutages(options.outages, options.only, fits(target))
  const interrupts = listenForInterrupts(() => print('Interrupted: closing.'))
  const { seed, lease, rate, blows, slow, histories } = options
  const campaign = await Campaign.prepare(target, {
    ...{ outages, seed, lease, load: { rate }, blows, slow, interrupted: interrupts.promise },
    ...(histories === undefined ? {} : { keepHistory: keepIn(histories) }),
  })
  const results: OutageResult[] = []
  try {
    const { product, version } = campaign.suite.server
    print(
      `${target.name} on ${product} ${version}: ${outages.length} outages${blows === 1 ? '' : ` of ${blows} blows each`}, ${rate} messages/s, lease ${lease} ms, seed ${seed}`,
    )
    for await (const result of campaign.play()) {
      if (interrupts.isAsked) break
      results.push(result)
      print(progressLine(result, `${results.length}/${outages.length}`))
      if (result.countsAs === 'failed') print(`\n${failureText(result.result, commandOf(options, result.outage))}\n`)
    }
  } finally {
    await campaign.close()
    interrupts.stop()
  }
  if (options.report !== undefined) {
    const about = { options, command: commandOf(options), date: new Date() }
    writeFileSync(options.report, `${JSON.stringify(reportOf(campaign, results, about), undefined, 2)}\n`)
  }
  return conclude(results, outages.length, { print, isInterrupted: interrupts.isAsked })
}

async function loadTarget(adapter: string): Promise<Target> {
  const module = targetModules.get(adapter)
  if (module === undefined) throw new UsageError(`Which adapter? One of ${[...targetModules.keys()].join(', ')}.`)
  const { default: target } = (await import(pathToFileURL(module).href)) as { default: Target }
  if (target.time === 'real') return target
  throw new UsageError(`${adapter} lives in virtual time: there are no processes that could be struck.`)
}

function keepIn(folder: string): NonNullable<CampaignOptions['keepHistory']> {
  mkdirSync(folder, { recursive: true })
  return ({ id }, history) => {
    const lines = history.map(event => `${JSON.stringify(event)}\n`)
    writeFileSync(join(folder, `${id}.jsonl.gz`), gzipSync(lines.join('')))
  }
}

/** The command that does this again, or one outage of it. */
function commandOf({ adapter, outages, blows, seed, only, lease, rate, slow }: Options, one?: PlannedOutage): string {
  const selected = one === undefined ? only.join(',') : one.id
  const parts = [
    `npm run campaign -- --adapter ${adapter}`,
    ...(one === undefined ? [`--outages ${outages}`] : []),
    ...(blows === 1 ? [] : [`--blows ${blows}`]),
    ...(selected === '' ? [] : [`--only ${selected}`]),
    `--seed ${seed} --lease ${lease} --rate ${rate}`,
    ...(slow === 1 ? [] : [`--slow ${slow}`]),
  ]
  return parts.join(' ')
}

/** What all of it has come to; answers the exit code. */
function conclude(
  results: readonly OutageResult[],
  planned: number,
  { print, isInterrupted }: { readonly print: Print; readonly isInterrupted: boolean },
): number {
  const passed = results.filter(({ countsAs }) => countsAs === 'passed').length
  const failed = results.filter(({ countsAs }) => countsAs === 'failed').length
  const skipped = planned - passed - failed
  const kills = results.flatMap(({ outage, figures }) => (outage.outage.group === 'kill' ? figures : []))
  const idle = kills.filter(({ held }) => held === 0).length
  const areIdle = idle > (1 - LEAST_WITH_WORK) * kills.length
  print(`\n${tableOf(statisticsOf(results))}\n`)
  if (kills.length > 0) print(`${kills.length - idle} of ${kills.length} kills struck unsettled work in flight.`)
  if (areIdle) print(`${idle} did not: they show little.`)
  print(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  if (isInterrupted) return 130
  if (failed > 0 || passed === 0) return 1
  return skipped > 0 || areIdle ? 2 : 0
}
