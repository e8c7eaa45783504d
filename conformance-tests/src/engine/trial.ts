import type { Target } from '../target/target.js'
import { judgeDeviation } from './judge-deviation.js'
import type { Planned } from './plan.js'
import type { CaseResult } from './result.js'
import type { Outcome } from './run-case.js'
import { seedOf } from './seed.js'

/** All runs of one case, one after the other or among those of other cases. */
export class Trial {
  readonly planned: Planned
  readonly #runs: number
  readonly #outcomes: Outcome[] = []
  #begun = 0
  #duration = 0
  #blocked: string | undefined

  /** @param runs How many there are to be. */
  constructor(planned: Planned, runs: number) {
    this.planned = planned
    this.#runs = runs
  }

  get isOver(): boolean {
    const isSettled = this.planned.settled !== undefined || this.#blocked !== undefined
    return isSettled || this.#outcomes.length === this.#runs
  }

  /** Runs it once more; `run` is given how many runs were begun before. */
  async run(run: (before: number) => Promise<Outcome>): Promise<Outcome> {
    const start = performance.now()
    const outcome = await run(this.#begun++)
    this.#duration += performance.now() - start
    this.#outcomes.push(outcome)
    return outcome
  }

  /** It cannot be run any more, for this reason. */
  block(reason: string): void {
    this.#blocked = reason
  }

  /** What all runs together show. `today`: the day on which known deviations are judged. */
  result(target: Target, { seed, today }: { readonly seed: number; readonly today: string }): CaseResult {
    const { case: one, settled } = this.planned
    const base = { case: one, duration: this.#duration, seed: seedOf(seed, one.id) }
    if (settled !== undefined) return { ...base, ...settled }
    const [first] = this.#outcomes
    if (first === undefined) return { ...base, verdict: 'blocked', reason: this.#blocked ?? 'it has not been run' }
    const { verdict, reason, history, evidence } = judgeDeviation(one, target, together(this.#outcomes, first), today)
    return {
      ...base,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      ...(verdict === 'passed' ? {} : { history }),
      ...(evidence === undefined ? {} : { evidence }),
    }
  }
}

/** Several runs of one case: the first bad one speaks for all, and differing ones make it flaky. */
function together(outcomes: readonly Outcome[], first: Outcome): Outcome {
  const bad = outcomes.filter(({ verdict }) => verdict !== 'passed')
  const [firstBad] = bad
  if (firstBad === undefined) return first
  if (bad.length === outcomes.length) return firstBad
  const reason = `${bad.length} of ${outcomes.length} runs did not pass. The first of them:\n${firstBad.reason}`
  return { ...firstBad, verdict: 'flaky', reason }
}
