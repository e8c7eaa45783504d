import { pathToFileURL } from 'node:url'
import type { Target } from '@pluribus/conformance'
import { type BrokerKind, findOrBlock } from '@pluribus/test-brokers'
import { describe, expect, test } from 'vitest'
import { targetModules } from '../../campaign/targets.ts'
import { play, verdicts } from './play.ts'

/** Adapters whose campaigns pass. */
const SERVERS: readonly BrokerKind[] = ['redis', 'nats']
const OUTAGES = [
  ...['kill-broker-1', 'kill-consumer-1', 'freeze-broker-1', 'freeze-consumer-1', 'cut-1', 'lost-replies-1'],
  ...['terminate-consumer-1', 'wipe-broker-1'],
]
/** With this one no outage lasts long. */
const SEED = 13

const found = new Map(
  await Promise.all(SERVERS.map(async kind => [kind, (await findOrBlock(kind)) !== undefined] as const)),
)

describe.each(SERVERS)('a short campaign on %s', kind => {
  test.skipIf(found.get(kind) !== true)('one outage of each kind', { timeout: 240_000 }, async () => {
    const { href } = pathToFileURL(targetModules.get(kind) as string)
    const { default: target } = (await import(href)) as { default: Target }
    const results = await play(target, OUTAGES, { seed: SEED, load: { rate: 100 } })
    expect(verdicts(results)).toEqual(OUTAGES.map(id => `${id} passed`))
    for (const { figures } of results.filter(({ outage }) => outage.outage.group === 'kill')) {
      expect(figures.map(({ held }) => held > 0)).toEqual([true])
    }
  })
})
