import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, SubscriptionCounts } from '@pluribus/core'
import type { Ledger } from './ledger.ts'
import { pipeline } from './model.ts'

const LOOK_EVERY_MS = 20

/** How many messages of a subscription have not ended; `undefined` where the broker cannot know. */
export function unended({ waiting, leased, retrying, scheduled }: SubscriptionCounts): number | undefined {
  if (waiting === undefined || leased === undefined || retrying === undefined || scheduled === undefined)
    return undefined
  return waiting + leased + retrying + scheduled
}

/**
 * Resolves when everything that was published has ended in every subscription, or when the signal fires. Twice the
 * same question: the ledger is asked first, then the broker, which also knows of deliveries that come again.
 */
export async function allSettled(broker: Broker, ledger: Ledger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (ledgerIsComplete(ledger) && (await brokerIsIdle(broker))) return
    await sleep(LOOK_EVERY_MS)
  }
}

const ledgerIsComplete = (ledger: Ledger): boolean =>
  pipeline.every(({ name, topic }) => ledger.states(name).size === ledger.published(topic.name).size)

async function brokerIsIdle(broker: Broker): Promise<boolean> {
  for (const subscription of pipeline) {
    if (unended(await broker.counts(subscription))) return false
  }
  return true
}
