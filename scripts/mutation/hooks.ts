/** Loads the sources instead of the build, one of them with a mutant in it: `MUTANT` is the JSON of one. */
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ROOT } from '../published.ts'
import { type Mutant, mutated } from './mutants.ts'

const mutant = JSON.parse(process.env.MUTANT ?? 'null') as Mutant | null
const target = mutant === null ? undefined : pathToFileURL(join(ROOT, mutant.file)).href

registerHooks({
  resolve(specifier, context, next) {
    // Sources import `./x.js`, as TypeScript wants it, and there is only `./x.ts` beside them.
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
      if (existsSync(fileURLToPath(source))) return next(source.href, context)
    }
    return next(specifier, context)
  },
  load(url, context, next) {
    if (mutant === null || url !== target) return next(url, context)
    process.env.MUTANT_LOADED = '1'
    const source = mutated(readFileSync(fileURLToPath(url), 'utf8'), mutant)
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})
