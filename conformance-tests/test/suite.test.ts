import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { Suite } from '../src/index.js'

test('the memory adapter passes every case that applies, with any seed', async () => {
  for (const seed of [1, 2, 3]) {
    const results = await (await Suite.prepare(bases.memory, { seed })).runAll()
    // What needs another process, or more than memory can claim, is shown on other targets.
    const bad = results.filter(({ case: { hooks = [] }, verdict }) =>
      verdict === 'blocked' ? hooks.length === 0 : verdict !== 'passed' && verdict !== 'skipped',
    )
    expect(bad.map(({ case: { id }, verdict, reason }) => `seed ${seed} ${id} ${verdict}: ${reason}`)).toEqual([])
  }
}, 120_000)
