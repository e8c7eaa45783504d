import { describe, test } from 'vitest'
import { Suite, type SuiteOptions } from '../engine/suite.js'
import { countsAs } from '../engine/verdict.js'
import { failureText } from '../report/failure-text.js'
import type { Target } from '../target/target.js'

/** Vitest's own limit must never cut a case short: cases have budgets of their own. */
const NO_LIMIT = 2 ** 31 - 1

/**
 * Registers every case with Vitest, one test each. What is refused, blocked or skipped is a skipped test that says why.
 *
 * @example
 * ```ts
 * import { defineTarget, VIRTUAL_TIMING } from '@pluribus/conformance'
 * import { conformance } from '@pluribus/conformance/vitest'
 * import { memory, memoryStore } from '@pluribus/memory'
 *
 * const store = memoryStore()
 * const required = { claims: ['fifo:exact'] } as const
 * const settings = async () => ({})
 * await conformance(
 *   defineTarget({ name: 'memory', time: 'virtual', timing: VIRTUAL_TIMING, required, settings, adapter: async () => memory({ store }) }),
 * )
 * ```
 */
export async function conformance(target: Target, options: SuiteOptions = {}): Promise<void> {
  const suite = await Suite.prepare(target, options)
  describe(`conformance of ${target.name}`, () => {
    for (const planned of suite.planned) {
      const { id, title } = planned.case
      test(`${id} ${title}`, { timeout: NO_LIMIT }, async ({ skip }) => {
        const result = await suite.run(planned)
        const kind = countsAs(result.verdict)
        if (kind === 'skipped') skip(`${result.verdict}: ${result.reason}`)
        if (kind === 'failed') throw new Error(failureText(result, `--only ${id} --seed ${suite.seed}`))
      })
    }
  })
}
