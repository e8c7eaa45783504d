import { runTakeover, type TakeoverResult } from './takeover-trial.js'
import { Violation } from './violation.js'

/**
 * Runs the takeovers of `count` seeds from `from` on.
 *
 * @throws Violation With the seed of the first one that fails.
 */
export async function runTakeovers(from: number, count: number): Promise<TakeoverResult> {
  const totals = { records: 0, writers: 0, zombies: 0, outdated: 0, again: 0 }
  for (let seed = from; seed < from + count; seed++) {
    const result = await settle(seed)
    for (const key of Object.keys(totals) as (keyof TakeoverResult)[]) totals[key] += result[key]
  }
  return totals
}

/** Nothing in a trial waits for the world: what has not ended after a turn of the loop never will. */
async function settle(seed: number): Promise<TakeoverResult> {
  const trial = runTakeover(seed).catch(error => {
    const message = error instanceof Error ? error.message : error
    throw new Violation(
      `Takeover ${seed}: ${message}\nTo see it again: npm run simulate -- --takeovers --seed ${seed}`,
      { cause: error },
    )
  })
  const result = await Promise.race([trial, new Promise<undefined>(resolve => setImmediate(resolve, undefined))])
  if (result === undefined) throw new Violation(`Takeover ${seed}: somebody waits for ever.`)
  return result
}
