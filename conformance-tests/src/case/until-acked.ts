import type { Collector } from './collector.js'
import type { CaseContext } from './context.js'

/** Waits until the collectors together have had this many acks confirmed. */
export const untilAcked = (it: CaseContext, count: number, ...collectors: readonly Collector[]): Promise<void> =>
  it.until(() => collectors.reduce((sum, { acked }) => sum + acked.length, 0) >= count, {
    within: 3 * it.timing.arrive,
    what: `${count} messages to be acked`,
  })
