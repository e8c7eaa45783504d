import { join } from 'node:path'
import { ROOT } from '../published.ts'
import { runNode } from './child.ts'
import { LOADED, SURVIVED } from './judge-words.ts'
import type { Mutant } from './mutants.ts'

/** Which tests of a package are asked: of core those of its guarantees and of the engine's parts. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  'packages/queue': ['packages/queue/test'],
  'packages/core': ['packages/core/test/guarantees', 'packages/core/test/engine'],
}

const FAILED = /^\s*FAIL\s+(?<test>.+)$/m

/** The colours of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with.
const COLOURS = /\u001B\[\d+m/g

/**
 * Judges one mutant by the tests of the package it belongs to, or with `undefined` the unchanged sources of the package of `file`.
 * `limit` in milliseconds. Property tests get one seed, so that a run can be repeated.
 */
export async function judgeByOwnTests(mutant: Mutant | undefined, file: string, limit: number): Promise<string> {
  const [, tests] = Object.entries(TESTS).find(([folder]) => file.startsWith(`${folder}/`)) ?? []
  if (tests === undefined) throw new Error(`Which tests to ask about ${file} is not known: name them in TESTS.`)
  const args = [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--bail=1',
    '--maxWorkers=1',
    '--no-isolate',
    `--config=${join(ROOT, 'scripts/mutation/vitest.config.ts')}`,
    ...tests,
  ]
  const seeds = { PLURIBUS_SEED: '1', SEED: '1' }
  const { said, isEndless, code } = await runNode(args, mutant, limit, seeds)
  if (isEndless) return 'no end'
  if (mutant !== undefined && !said.includes(LOADED)) throw new Error(`The tests have not loaded ${file}:\n${said}`)
  if (code === 0) return SURVIVED
  return FAILED.exec(said.replaceAll(COLOURS, ''))?.groups?.test ?? 'crashed'
}
