import { isDeepStrictEqual } from 'node:util'
import type { Broker, Subscription, SubscriptionCounts } from '@pluribus/core'
import type { CaseContext } from './context.js'
import { equal } from './expect.js'

/** How often it looks while they are not yet as they should be: this many times within the time given. */
const LOOKS = 20

/**
 * Waits until the counts are as expected, within `timing.arrive`: some brokers count a little later. What the adapter does
 * not count is not looked at.
 */
export async function countsBecome(
  it: CaseContext,
  broker: Broker,
  subscription: Subscription<unknown>,
  expected: { readonly [Field in keyof SubscriptionCounts]?: number },
): Promise<void> {
  const claimed = it.capabilities.counts.filter(field => expected[field] !== undefined)
  const wanted = Object.fromEntries(claimed.map(field => [field, expected[field]]))
  const deadline = it.clock.monotonic() + it.timing.arrive
  for (;;) {
    const counts = await broker.counts(subscription)
    const found = Object.fromEntries(claimed.map(field => [field, counts[field]]))
    if (isDeepStrictEqual(found, wanted)) return
    if (it.clock.monotonic() >= deadline) return equal(found, wanted, `the counts of ${subscription.spec.name}`)
    await it.elapse(it.timing.arrive / LOOKS)
  }
}
