import { expect, test } from 'vitest'
import { settleTrial } from './simulation/run-trials.js'
import { transplantEverything } from './simulation/transplants.js'

test('a seed decides everything', async () => {
  for (let seed = 1; seed <= 50; seed++) expect(await settleTrial(seed)).toEqual(await settleTrial(seed))
})

test('a batch in the place of another is not taken for it, and costs no more than the two', async () => {
  expect(await transplantEverything()).toBeGreaterThan(1000)
})
