import { runTrial, type TrialResult } from './trial.js'
import { Violation } from './violation.js'

/** What many trials went through together. */
export interface Totals {
  trials: number
  calls: number
  records: number
  crashes: number
  repairs: number
}

/** How to see one again. */
export const replayCommand = (seed: number): string => `npm run simulate -- --seed ${seed}`

/** One trial, which ends: nothing in it waits for the world, so what has not ended after a turn of the loop never will. */
export async function settleTrial(seed: number): Promise<TrialResult> {
  let outcome: { readonly result?: TrialResult; readonly error?: unknown } | undefined
  const trial = runTrial(seed).then(
    result => {
      outcome = { result }
    },
    error => {
      outcome = { error }
    },
  )
  await Promise.race([trial, new Promise(resolve => setImmediate(resolve))])
  if (outcome?.result !== undefined) return outcome.result
  throw outcome === undefined ? new Violation('Somebody waits for ever.') : outcome.error
}

/**
 * Runs the trials of `count` seeds from `from` on.
 *
 * @throws Violation With the seed of the first one that fails, and the command to see it again.
 */
export async function runTrials(from: number, count: number, progress = (_: Totals) => {}): Promise<Totals> {
  const totals: Totals = { trials: 0, calls: 0, records: 0, crashes: 0, repairs: 0 }
  for (let seed = from; seed < from + count; seed++) {
    try {
      const { calls, records, crashes, repairs } = await settleTrial(seed)
      totals.trials++
      totals.calls += calls
      totals.records += records
      totals.crashes += crashes
      totals.repairs += repairs
      progress(totals)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Violation(`Seed ${seed}: ${message}\nTo see it again: ${replayCommand(seed)}`, { cause: error })
    }
  }
  return totals
}
