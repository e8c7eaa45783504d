import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { Suite } from '../src/index.js'

test('the memory adapter passes every case, with any seed', async () => {
  for (const seed of [1, 2, 3]) {
    const results = await (await Suite.prepare(bases.memory, { seed })).runAll()
    const bad = results.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')
    expect(bad.map(({ case: { id }, verdict, reason }) => `seed ${seed} ${id} ${verdict}: ${reason}`)).toEqual([])
  }
})
