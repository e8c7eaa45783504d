import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { Suite } from '../src/index.js'

/** Not run: it is about what memory does not claim, or needs surroundings that memory does not have. */
const NOT_RUN = ['skipped', 'refused', 'blocked']

test('the memory adapter passes every case that applies, with any seed', async () => {
  for (const seed of [1, 2, 3]) {
    const results = await (await Suite.prepare(bases.memory, { seed })).runAll()
    const bad = results.filter(({ verdict }) => verdict !== 'passed' && !NOT_RUN.includes(verdict))
    expect(bad.map(({ case: { id }, verdict, reason }) => `seed ${seed} ${id} ${verdict}: ${reason}`)).toEqual([])
  }
})
