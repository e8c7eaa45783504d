import type { ConsumerTask } from './consumer-parts.js'

/** At least so many may be settled and not confirmed: more than one answer's worth of a broker that is far away. */
const LEAST_UNCONFIRMED = 1_024

/** What a consumer has of its source, in numbers of deliveries. */
export interface Holding {
  /** Their handlers run. */
  readonly running: number
  /** Fetched, to be started. */
  readonly buffered: number
  /** In nobody's way, and held all the same: settled and not confirmed, or put aside. */
  readonly lingering: number
  /** The source is called in any case: with what there is room for, or with 0, which takes back what it was asked for before. */
  readonly isDue: boolean
}

/** The most deliveries that run or wait to be started. Only fifo may fetch ahead: what arrives meanwhile could come first in the other disciplines. */
export const windowOf = ({ concurrency, prefetch, subscription }: ConsumerTask): number =>
  subscription.spec.discipline.kind === 'fifo' ? concurrency + prefetch : concurrency

/** How many more deliveries may be pulled now; none, or less than that, while settles are answered too slowly. */
export function roomOf(task: ConsumerTask, { running, buffered, lingering, isDue }: Holding): number {
  const window = windowOf(task)
  if (lingering >= Math.max(LEAST_UNCONFIRMED, 4 * window)) return 0
  const isFewEnough = running + buffered < task.concurrency || buffered <= task.prefetch / 2
  // Half a window at a time, so that a slow trickle of free slots does not become a trickle of pulls.
  return isFewEnough || isDue ? window - running - buffered : 0
}
