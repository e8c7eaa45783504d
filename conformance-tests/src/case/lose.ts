import type { Subscription } from '@pluribus/core'
import type { Delivery } from '@pluribus/core/driver'
import type { CaseContext } from './context.js'
import { needsLeases } from './leases.js'

/**
 * The next delivery vanishes with its consumer, so many times: each is a process of its own that takes it and is not heard of
 * again. The last lease still goes on. Answers what they were given.
 */
export async function lose(
  it: CaseContext,
  subscription: Subscription<unknown>,
  times: number,
): Promise<readonly Delivery[]> {
  const given: Delivery[] = []
  for (let loss = 0; loss < times; loss++) {
    const consumer = await it.consume(subscription)
    needsLeases(it)
    given.push(await consumer.next(it.timing.lease + it.timing.redeliver))
  }
  return given
}
