import { expect, test } from 'vitest'
import { settleTrial } from './simulation/run-trials.js'

test('a seed decides everything', async () => {
  for (let seed = 1; seed <= 50; seed++) expect(await settleTrial(seed)).toEqual(await settleTrial(seed))
})
