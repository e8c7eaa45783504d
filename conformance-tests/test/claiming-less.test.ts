import type { Capabilities } from '@pluribus/core/driver'
import { unreliable } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { defineTarget, Suite } from '../src/index.js'
import { mapDeliveries } from '../src/saboteurs/map-deliveries.js'
import { uncounted } from './uncounted.js'

/** What a modest broker claims, as the log family does. */
const MODEST: Partial<Capabilities> = {
  ...{ durability: 'disk', lifo: 'windowed', priority: 'windowed', keys: 'window', fencing: 'local', settle: 'sent' },
  ...{ attempts: 'process', losses: 'none', deduplication: 'none', retention: 'may-drop-pending', counts: [] },
  limits: { payload: 1_048_576, headers: 65_536, hold: 20_000 },
}

/** Memory, which does all but one of what it does not claim here: a case that asks for more than is claimed may pass, and must not fail. */
const modest = defineTarget({
  ...bases.memory,
  required: { claims: [] },
  adapter: async (settings, time) =>
    unreliable(mapDeliveries(await bases.memory.adapter(settings, time), uncounted), {
      capabilities: MODEST as Capabilities,
    }),
})

test('whoever claims less is asked for less', async () => {
  const results = await (await Suite.prepare(modest)).runAll()
  const failed = results.filter(({ verdict }) => verdict === 'failed' || verdict === 'unknown')
  expect(failed.map(({ case: { id }, reason }) => `${id}: ${reason}`)).toEqual([])
  const passed = results.filter(({ verdict }) => verdict === 'passed')
  expect(passed.length).toBeGreaterThan(results.length / 2)
}, 60_000)
