import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, SubscriptionCounts } from '@pluribus/core'
import type { Ledger } from './ledger.ts'
import { pipeline, type Station } from './model.ts'
import { patiently } from './patiently.ts'

const LOOK_EVERY_MS = 20
/** After this long without any news, the ledger is not expected to hear of what it still misses. */
const QUIET_MS = 2_000

/** How many messages of a subscription have not ended; `undefined` where the broker cannot know. */
export function unended({ waiting, leased, retrying, scheduled }: SubscriptionCounts): number | undefined {
  if (waiting === undefined || leased === undefined || retrying === undefined || scheduled === undefined)
    return undefined
  return waiting + leased + retrying + scheduled
}

/**
 * Resolves when everything that was published has ended in every subscription, whoever handles it, or when the signal fires. The
 * broker is asked. Where it cannot count, the ledger is, which knows of this process alone: so it resolves, too, when nothing
 * has come for a while, and the totals will say what was lost.
 */
export async function allSettled(broker: Broker, ledger: Ledger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const left = await patiently(() => leftToDo(broker), signal)
    if (left === 0) return
    if (left === undefined && (ledger.isComplete() || ledger.quietFor() > QUIET_MS)) return
    await sleep(LOOK_EVERY_MS)
  }
}

/** Upstream first, and no further than where there is something: what is there is still to come to the others. */
async function leftToDo(broker: Broker): Promise<number | undefined> {
  for (const subscription of pipeline) {
    const left = await unendedIn(broker, subscription)
    if (left !== 0) return left
  }
  return 0
}

const unendedIn = async (broker: Broker, station: Station): Promise<number | undefined> =>
  unended(await broker.counts(station))

/** What is under way where, as text: it is the same again as long as nobody does anything. */
export async function glance(broker: Broker): Promise<string> {
  const counts: SubscriptionCounts[] = []
  for (const station of pipeline) counts.push(await broker.counts(station))
  return JSON.stringify(counts)
}
