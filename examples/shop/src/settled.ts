import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, isPluribusError, type SubscriptionCounts } from '@pluribus/core'
import { resolveDoubts } from './doubts.ts'
import type { Ledger } from './ledger.ts'
import { pipeline } from './model.ts'

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
 * Resolves when everything that was published has ended in every subscription, or when the signal fires. The ledger is
 * asked, and the broker as well, which also knows of deliveries that come again. It resolves, too, when the broker has
 * nothing left to do though the ledger misses something: the totals will say what was lost.
 */
export async function allSettled(broker: Broker, ledger: Ledger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isComplete = ledgerIsComplete(ledger)
    if ((isComplete || ledger.quietFor() > QUIET_MS) && (await brokerIsIdle(broker))) {
      if (!isComplete) await resolveDoubts(broker, ledger)
      return
    }
    await sleep(LOOK_EVERY_MS)
  }
}

const ledgerIsComplete = (ledger: Ledger): boolean =>
  pipeline.every(({ name, topic }) => ledger.states(name).size === ledger.published(topic.name).size)

async function brokerIsIdle(broker: Broker): Promise<boolean> {
  try {
    for (const subscription of pipeline) {
      if (unended(await broker.counts(subscription))) return false
    }
    return true
  } catch (error) {
    if (isPluribusError(error) && error.retryable) return false // away for a moment: there will be another look
    throw error
  }
}
