import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchedBroker } from '../broker.ts'
import type { FreshPlace } from '../fresh-place.ts'
import { measure } from '../measurement.ts'
import { type CpuProfile, summarise } from './summary.ts'

const HOOKS = new URL('./source-hooks.ts', import.meta.url).href

/** Runs one measurement under V8's sampler, from the sources rather than the bundle, and prints where the time went. */
export async function profile(
  broker: BenchedBroker,
  scenario: string,
  names: readonly string[],
  place: FreshPlace | undefined,
): Promise<void> {
  for (const subject of names.length === 0 ? [broker.ours] : names) {
    const folder = mkdtempSync(join(tmpdir(), 'pluribus-profile-'))
    const sampler = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200']
    // The sources have line numbers that mean something; without the condition workspaces resolve to bundles.
    const sources = ['--conditions=pluribus-source', `--import=${HOOKS}`]
    const url = await place?.renew()
    const job = { broker: broker.name, scenario, subject, scale: 'profile', ...(url && { url }) } as const
    const figures = await measure(job, [...sampler, ...sources])
    const [file] = readdirSync(folder)
    const recorded = JSON.parse(readFileSync(join(folder, file as string), 'utf8')) as CpuProfile
    rmSync(folder, { recursive: true })
    process.stdout.write(`\n${scenario} of ${subject}: ${JSON.stringify(figures)}\n\n${summarise(recorded)}\n`)
    if (url !== undefined && broker.serverStats !== undefined) {
      process.stdout.write(`\n${await broker.serverStats(url)}\n`)
    }
  }
}
