import { expect, test } from 'vitest'
import { runTrials } from './simulation/run-trials.js'

// Half of the trials: two files are two processes.
test('10,000 logs on simulated disks lose nothing, invent nothing, alter nothing and keep the order', async () => {
  const { trials, crashes, repairs, records } = await runTrials(1, 10_000)
  expect(trials).toBe(10_000)
  expect(crashes).toBeGreaterThan(10_000)
  expect(repairs).toBeGreaterThan(500)
  expect(records).toBeGreaterThan(300_000)
}, 600_000)
