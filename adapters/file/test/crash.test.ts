import { expect, test } from 'vitest'
import { type Tally, Trial } from './crash/trial.js'

/** `PLURIBUS_SEED=7` runs one again; `PLURIBUS_SEEDS=100000` as many as you like. */
const { PLURIBUS_SEED: only, PLURIBUS_SEEDS: count = '100' } = process.env
const seeds = only === undefined ? Array.from({ length: Number(count) }, (_, index) => index + 1) : [Number(only)]

test('a crash at any call loses nothing that was acknowledged, invents nothing, alters nothing, and keeps the order', async () => {
  const total: Tally = { published: 0, handed: 0, settled: 0, crashes: 0, interrupted: 0, removed: 0 }
  for (const seed of seeds) {
    const trial = new Trial(seed)
    await trial.run().catch(cause => {
      throw new Error(`PLURIBUS_SEED=${seed} npx vitest run adapters/file/test/crash.test.ts: ${cause.message}`, {
        cause,
      })
    })
    for (const name of Object.keys(total) as (keyof Tally)[]) total[name] += trial.tally[name]
  }
  // What is not tried shows nothing.
  if (only === undefined) {
    for (const [what, least] of Object.entries({
      published: 20,
      handed: 10,
      settled: 5,
      crashes: 2,
      interrupted: 0.2,
      removed: 0.2,
    })) {
      expect(total[what as keyof Tally], what).toBeGreaterThan(least * seeds.length)
    }
  }
}, 600_000)
