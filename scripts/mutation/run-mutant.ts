import { join } from 'node:path'
import { ROOT } from '../published.ts'
import { runNode } from './child.ts'
import { SURVIVED, VERDICT } from './judge-words.ts'
import type { Mutant } from './mutants.ts'
import { judgeByOwnTests } from './own-tests.ts'

const HERE = join(ROOT, 'scripts/mutation')

const MOST_ASKED_FIRST = 40

/** What became of a mutant. */
export interface Fate {
  readonly mutant: Mutant
  /** The conformance suite; where that passes, the tests of the package it belongs to; or nobody. */
  readonly killedBy: 'suite' | 'own tests' | 'nobody'
  /** The case or test and what it said; `crashed`; `no end`. */
  readonly by: string
}

/** How many milliseconds the unchanged sources may take four times over, by the suite and by each package's own tests. */
export interface Limits {
  readonly suite: number
  readonly ownTests: number
}

/**
 * Judges one mutant by the suite, or with `undefined` the unchanged sources. `limit` in milliseconds. `first`: the cases to begin with.
 */
export async function judgeBySuite(
  mutant: Mutant | undefined,
  limit: number,
  first: readonly string[] = [],
): Promise<string> {
  const args = [
    '--no-warnings',
    '--conditions=pluribus-source',
    `--import=${join(HERE, 'hooks.ts')}`,
    join(HERE, 'judge.ts'),
  ]
  const { said, isEndless, code } = await runNode(args, mutant, limit, { FIRST: first.join() })
  if (isEndless) return 'no end'
  const verdict = said.split('\n').findLast(line => line.startsWith(VERDICT))
  return code === 0 && verdict !== undefined ? verdict.slice(VERDICT.length) : 'crashed'
}

/** Judges many, `jobs` at once, in their order; calls back with each. What has killed many is asked first: most mutants die of few cases. */
export async function judgeAll(
  mutants: readonly Mutant[],
  { jobs, limits, onFate }: { jobs: number; limits: Limits; onFate: (fate: Fate, done: number) => void },
): Promise<readonly Fate[]> {
  const fates: Fate[] = []
  const kills = new Map<string, number>()
  let next = 0
  const fateOf = async (mutant: Mutant): Promise<Fate> => {
    const first = [...kills.keys()].sort((a, b) => (kills.get(b) ?? 0) - (kills.get(a) ?? 0))
    const bySuite = await judgeBySuite(mutant, limits.suite, first.slice(0, MOST_ASKED_FIRST))
    if (bySuite === 'NOT LOADED') throw new Error(`${mutant.file} is not part of what the suite runs.`)
    const killer = /^[A-Z]+-\d+(?=:)/.exec(bySuite)?.[0]
    if (killer !== undefined) kills.set(killer, (kills.get(killer) ?? 0) + 1)
    if (bySuite !== SURVIVED) return { mutant, killedBy: 'suite', by: bySuite }
    const byTests = await judgeByOwnTests(mutant, mutant.file, limits.ownTests)
    return { mutant, killedBy: byTests === SURVIVED ? 'nobody' : 'own tests', by: byTests }
  }
  const work = async () => {
    for (let mutant = mutants[next++]; mutant !== undefined; mutant = mutants[next++]) {
      const fate = await fateOf(mutant)
      fates.push(fate)
      onFate(fate, fates.length)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return fates
}
