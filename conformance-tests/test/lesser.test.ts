import { unreliable } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { CASES, defineTarget, Suite } from '../src/index.js'
import { mapDeliveries } from '../src/saboteurs/map-deliveries.js'
import { uncounted } from './uncounted.js'

/** Memory that admits to less than it does, as adapters of logs have to. */
const lesser = defineTarget({
  ...bases.memory,
  required: { claims: [] },
  adapter: async (settings, time) =>
    unreliable(mapDeliveries(await bases.memory.adapter(settings, time), uncounted), {
      capabilities: {
        ...{ keys: 'partition', competing: 'partition', delay: 'emulated', fencing: 'local' },
        ...{ settle: 'sent', attempts: 'process', losses: 'none' },
      },
    }),
})

test('cases about lesser claims are run where nothing better is claimed, and the others hold there too', async () => {
  const groups = ['ACK', 'NCK', 'LSE', 'RTY', 'DLQ', 'HND', 'ERR', 'SHD']
  const results = await (await Suite.prepare(lesser, { only: groups })).runAll()
  const failed = results.filter(({ verdict }) => verdict === 'failed')
  expect(failed.map(({ case: { id }, reason }) => `${id}: ${reason}`)).toEqual([])
  const passed = new Set(results.filter(({ verdict }) => verdict === 'passed').map(({ case: { id } }) => id))
  const memory = new Set(
    (await Suite.prepare(bases.memory)).planned.filter(one => one.settled === undefined).map(one => one.case.id),
  )
  const onlyHere = CASES.filter(({ id }) => passed.has(id) && !memory.has(id)).map(({ id }) => id)
  expect(onlyHere).toEqual(['LSE-05', 'LSE-19', 'LSE-20', 'LSE-21', 'RTY-04'])
})
