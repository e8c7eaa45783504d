import { cpus } from 'node:os'
import type { Campaign, OutageResult } from './campaign.ts'
import type { Options } from './options.ts'
import { statisticsOf } from './statistics.ts'

/** Everything that a campaign has shown, as JSON. `date`: when it was. */
export function reportOf(
  { suite }: Campaign,
  results: readonly OutageResult[],
  { options, command, date }: { readonly options: Options; readonly command: string; readonly date: Date },
): object {
  const { target, server, capabilities } = suite
  const [processor] = cpus()
  return {
    ...{ format: 2, command, date: date.toISOString(), target: target.name, server, capabilities },
    machine: { node: process.version, platform: process.platform, processors: cpus().length, model: processor?.model },
    ...{ seed: options.seed, lease: options.lease, rate: options.rate, slow: options.slow },
    statistics: statisticsOf(results),
    outages: results.map(({ outage, result, figures }) => ({
      id: outage.id,
      ...{ kind: outage.outage.kind, verdict: result.verdict, reason: result.reason },
      ...{ seed: result.seed, duration: Math.round(result.duration), figures },
    })),
  }
}
