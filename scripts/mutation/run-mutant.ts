import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../published.ts'
import type { Mutant } from './mutants.ts'

const HERE = join(ROOT, 'scripts/mutation')

const MOST_ASKED_FIRST = 40

/** What became of a mutant: which case it failed, or that it ended its process, or never came to an end. */
export interface Fate {
  readonly mutant: Mutant
  readonly isKilled: boolean
  /** The case and what it said; `crashed`; `no end`. */
  readonly by: string
}

/**
 * Judges one mutant, or with `undefined` the unchanged sources. `limit` in milliseconds: a loop without end is killed by it. `first`: the
 * cases to begin with.
 */
export function judge(mutant: Mutant | undefined, limit: number, first: readonly string[] = []): Promise<string> {
  const env = {
    ...process.env,
    FIRST: first.join(),
    ...(mutant === undefined ? {} : { MUTANT: JSON.stringify(mutant) }),
  }
  const args = [
    '--no-warnings',
    '--conditions=pluribus-source',
    `--import=${join(HERE, 'hooks.ts')}`,
    join(HERE, 'judge.ts'),
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), limit)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve('no end')
      else resolve(code === 0 && said.trim() !== '' ? (said.trim().split('\n').at(-1) as string) : 'crashed')
    })
  })
}

/** Judges many, `jobs` at once, in their order; calls back with each. What has killed many is asked first: most mutants die of few cases. */
export async function judgeAll(
  mutants: readonly Mutant[],
  { jobs, limit, onFate }: { jobs: number; limit: number; onFate: (fate: Fate, done: number) => void },
): Promise<readonly Fate[]> {
  const fates: Fate[] = []
  const kills = new Map<string, number>()
  let next = 0
  const work = async () => {
    for (let mutant = mutants[next++]; mutant !== undefined; mutant = mutants[next++]) {
      const first = [...kills.keys()].sort((a, b) => (kills.get(b) ?? 0) - (kills.get(a) ?? 0))
      const by = await judge(mutant, limit, first.slice(0, MOST_ASKED_FIRST))
      if (by === 'NOT LOADED') throw new Error(`${mutant.file} is not part of what the suite runs.`)
      const killer = /^[A-Z]+-\d+(?=:)/.exec(by)?.[0]
      if (killer !== undefined) kills.set(killer, (kills.get(killer) ?? 0) + 1)
      const fate = { mutant, isKilled: by !== 'survived', by }
      fates.push(fate)
      onFate(fate, fates.length)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return fates
}
