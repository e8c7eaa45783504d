/** The project's tests with a mutant in one of the sources: `MUTANT` is the JSON of one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, mergeConfig } from 'vitest/config'
import project from '../../vitest.config.ts'
import { ROOT } from '../published.ts'
import { LOADED } from './judge-words.ts'
import { type Mutant, mutated } from './mutants.ts'

const mutant = JSON.parse(process.env.MUTANT ?? 'null') as Mutant | null
const target = mutant === null ? undefined : join(ROOT, mutant.file)

export default mergeConfig(
  project,
  defineConfig({
    root: ROOT,
    // It would hand out what an earlier mutant has left there.
    test: { fsModuleCache: false },
    plugins: [
      {
        name: 'mutant',
        enforce: 'pre',
        transform(_code, id) {
          if (mutant === null || id !== target) return null
          process.stderr.write(`${LOADED}\n`)
          // Of the file as it stands there: positions are those of the source, whatever other plugins have made of it.
          return { code: mutated(readFileSync(id, 'utf8'), mutant), map: null }
        },
      },
    ],
  }),
)
