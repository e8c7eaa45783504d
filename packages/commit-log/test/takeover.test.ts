import { expect, test } from 'vitest'
import { runTakeovers } from './simulation/run-takeovers.js'

const SEEDS = 1000

test('whoever is frozen, replaced and thawed never acknowledges what its successor has not found', async () => {
  const { zombies, outdated, again } = await runTakeovers(1, SEEDS)
  expect(zombies).toBeGreaterThan(SEEDS / 4)
  expect(outdated).toBeGreaterThan(SEEDS / 8)
  expect(again).toBeLessThan(SEEDS / 50)
}, 240_000)
