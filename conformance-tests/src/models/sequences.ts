import type { CaseContext } from '../case/context.js'
import { Blocked, Failure, Inconclusive } from '../case/failure.js'
import { randomBelow } from '../case/random.js'

/** One step of a random sequence: what to do, and two numbers from 0 to 999 that say with what. */
export interface Step<Kind extends string> {
  readonly do: Kind
  readonly a: number
  readonly b: number
}

/** Random sequences of steps. */
export interface Sequences<Kind extends string> {
  /** How many sequences. */
  readonly runs: number
  /** How many steps each has. */
  readonly length: number
  /** What the steps are drawn from; what stands here more often comes more often. */
  readonly kinds: readonly Kind[]
}

/** How often a sequence that fails is tried with less of it. */
const MOST_TRIALS = 200
const LARGEST = 1_000

/**
 * Performs random sequences, each from scratch. One that fails is made shorter for as long as it goes on failing, and the
 * failure tells what is left of it. The same seed gives the same sequences.
 */
export async function forSequences<Kind extends string>(
  it: CaseContext,
  { runs, length, kinds }: Sequences<Kind>,
  perform: (steps: readonly Step<Kind>[]) => Promise<void>,
): Promise<void> {
  const draw = (below: number) => randomBelow(it, below)
  for (let run = 1; run <= runs; run++) {
    const steps = Array.from({ length }, () => {
      return { do: kinds[draw(kinds.length)] as Kind, a: draw(LARGEST), b: draw(LARGEST) }
    })
    const error = await failureOf(() => perform(steps))
    if (error === undefined) continue
    const shortest = await shorten({ steps, error }, perform)
    const text = shortest.steps.map(({ do: what, a, b }) => `${what}(${a},${b})`).join(' ')
    throw new Failure(
      `${shortest.error}\nin sequence ${run}, shortened from ${length} to ${shortest.steps.length}: ${text}`,
    )
  }
}

/** A sequence, and how it fails. */
interface Failing<Kind extends string> {
  readonly steps: readonly Step<Kind>[]
  readonly error: string
}

/** Leaves out halves, then quarters, down to single steps, for as long as what is left still fails. */
async function shorten<Kind extends string>(
  first: Failing<Kind>,
  perform: (steps: readonly Step<Kind>[]) => Promise<void>,
): Promise<Failing<Kind>> {
  let failing = first
  let trials = 0
  for (let size = Math.ceil(first.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < failing.steps.length && trials < MOST_TRIALS; trials++) {
      const steps = failing.steps.toSpliced(at, size)
      const error = await failureOf(() => perform(steps))
      if (error === undefined) at += size
      else failing = { steps, error }
    }
  }
  return failing
}

/** What a sequence fails with; `undefined` where it passes. */
async function failureOf(perform: () => Promise<void>): Promise<string | undefined> {
  try {
    await perform()
    return undefined
  } catch (error) {
    if (error instanceof Blocked || error instanceof Inconclusive) throw error
    if (error instanceof Failure) return error.message
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
