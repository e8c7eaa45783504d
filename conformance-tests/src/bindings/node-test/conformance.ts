import { after, describe, test } from 'node:test'
import { Suite, type SuiteOptions } from '../../engine/suite.js'
import { countsAs } from '../../engine/verdict.js'
import type { Target } from '../../target/target.js'
import { assertPassed, caseName, skipReason } from '../case-name.js'

/**
 * Registers every case with `node:test`, one test each. What is refused, skipped, blocked or unknown is a skipped test that
 * says so; nothing of it looks as if it had passed.
 *
 * @example
 * ```ts
 * import type { Target } from '@pluribus/conformance'
 * import { conformance } from '@pluribus/conformance/node-test'
 *
 * const run = (target: Target) => conformance(target, { profile: 'core' })
 * ```
 */
export async function conformance(target: Target, options: SuiteOptions = {}): Promise<void> {
  const suite = await Suite.prepare(target, options)
  describe(`conformance of ${target.name}`, () => {
    after(() => suite.close())
    for (const planned of suite.planned) {
      test(caseName(planned.case), async context => {
        const result = await suite.run(planned)
        if (countsAs(result.verdict) === 'skipped') return context.skip(skipReason(result))
        assertPassed(result, suite.seed)
      })
    }
  })
}
