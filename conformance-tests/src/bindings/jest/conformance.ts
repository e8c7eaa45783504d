import { describe, test } from '@jest/globals'
import { Suite, type SuiteOptions } from '../../engine/suite.js'
import { countsAs } from '../../engine/verdict.js'
import type { Target } from '../../target/target.js'
import { assertPassed, caseName, skipReason } from '../case-name.js'

/**
 * Runs every case and then registers it with Jest, one test each. A test of Jest's cannot be skipped once it has begun,
 * and only running a case shows whether it is blocked or unknown: so all of it runs while the file is loaded, and a filter
 * on Jest's command line chooses what is shown. `options.only` chooses what is run. Jest loads ES modules only under
 * `node --experimental-vm-modules`.
 *
 * @example
 * ```ts
 * import type { Target } from '@pluribus/conformance'
 * import { conformance } from '@pluribus/conformance/jest'
 *
 * const run = (target: Target) => conformance(target, { profile: 'core' })
 * ```
 */
export async function conformance(target: Target, options: SuiteOptions = {}): Promise<void> {
  const suite = await Suite.prepare(target, options)
  const results = await suite.runAll()
  await suite.close()
  describe(`conformance of ${target.name}`, () => {
    for (const result of results) {
      const name = caseName(result.case)
      if (countsAs(result.verdict) === 'skipped') test.skip(`${name} [${skipReason(result)}]`, () => {})
      else test(name, () => assertPassed(result, suite.seed))
    }
  })
}
