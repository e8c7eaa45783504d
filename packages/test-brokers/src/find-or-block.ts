import type { Machine } from './machine/machine.ts'
import { MissingBroker } from './missing-broker.ts'
import type { Installation } from './recipe.ts'
import { findBroker } from './start-broker.ts'
import type { BrokerKind } from './test-broker.ts'

/**
 * For tests that need a server: undefined where this machine has none, so that they are reported as blocked and not as
 * passed; the reason is written to standard error. With `CI=true` it rejects instead: there a missing server is a failure.
 *
 * @example
 * ```ts
 * import { findOrBlock } from '@pluribus/test-brokers'
 * import { describe } from 'vitest'
 *
 * const redis = await findOrBlock('redis')
 * describe.skipIf(redis === undefined)('on Redis', () => {})
 * ```
 */
export async function findOrBlock(
  kind: BrokerKind,
  machine?: Machine,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Installation | undefined> {
  try {
    return await findBroker(kind, machine)
  } catch (error) {
    if (!(error instanceof MissingBroker) || env.CI === 'true') throw error
    process.stderr.write(`blocked: ${error.message}\n`)
    return undefined
  }
}
