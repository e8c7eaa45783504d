import { afterAll, describe, test } from 'vitest'
import { Suite, type SuiteOptions } from '../../engine/suite.js'
import { countsAs } from '../../engine/verdict.js'
import type { Target } from '../../target/target.js'
import { assertPassed, caseName, skipReason } from '../case-name.js'

/** Cases have budgets of their own: the runner's limit must not cut one short. The longest a timer can hold. */
const NO_LIMIT = 2 ** 31 - 1

/**
 * Registers every case with Vitest, one test each. What is refused, skipped, blocked or unknown is a skipped test that says
 * so; nothing of it looks as if it had passed.
 *
 * @example
 * ```ts
 * import type { Target } from '@pluribus/conformance'
 * import { conformance } from '@pluribus/conformance/vitest'
 *
 * const run = (target: Target) => conformance(target, { profile: 'core' })
 * ```
 */
export async function conformance(target: Target, options: SuiteOptions = {}): Promise<void> {
  const suite = await Suite.prepare(target, options)
  describe(`conformance of ${target.name}`, () => {
    afterAll(() => suite.close())
    for (const planned of suite.planned) {
      test(caseName(planned.case), { timeout: NO_LIMIT }, async ({ skip }) => {
        const result = await suite.run(planned)
        if (countsAs(result.verdict) === 'skipped') skip(skipReason(result))
        assertPassed(result, suite.seed)
      })
    }
  })
}
