import type { Broker, Subscription, SubscriptionCounts } from '@pluribus/core'
import { become } from './become.js'
import type { CaseContext } from './context.js'

/** What is counted, and when, for the failure: `after an ack`. */
export interface Counted {
  readonly broker: Broker
  readonly subscription: Subscription<unknown>
  /** Default: `of` and the subscription's name. */
  readonly when?: string
}

/**
 * Waits until the counts are as expected, within `timing.arrive`: some brokers count a little later. Fields that nothing is
 * expected of are not looked at, nor those that the adapter does not claim to count.
 */
export async function countsBecome(
  it: CaseContext,
  { broker, subscription, when = `of ${subscription.name}` }: Counted,
  expected: Partial<SubscriptionCounts>,
): Promise<void> {
  const fields = it.capabilities.counts.filter(field => expected[field] !== undefined)
  const wanted = fields.map(field => [field, expected[field]])
  const look = async () => {
    const counts = await broker.counts(subscription)
    return fields.map(field => [field, counts[field]])
  }
  await become(it, look, wanted, `the counts ${when}`)
}
