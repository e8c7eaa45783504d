import { unreliable } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { bases } from '../../scripts/bases.js'
import { decorate } from '../../src/history/decorate.js'
import { defineTarget, Suite } from '../../src/index.js'

/** Memory on a store that asks before each write. */
const failing = defineTarget({
  ...bases.memory,
  adapter: async (settings, time) =>
    unreliable(await bases.memory.adapter(settings, time), { capabilities: { durability: 'process' } }),
  hooks: {
    failingStore: async (settings, faults, time) =>
      decorate(await bases.memory.adapter(settings, time), {
        publisher: publisher => ({
          async publish(batch) {
            faults.before('write')
            return publisher.publish(batch)
          },
        }),
      }),
  },
})

test('the case about a store that takes nothing any more runs, where there is one that can fail', async () => {
  const results = await (await Suite.prepare(failing, { only: ['RST-11'] })).runAll()
  expect(results.map(({ case: { id }, verdict, reason }) => [id, verdict, reason])).toEqual([
    ['RST-11', 'passed', undefined],
  ])
})
