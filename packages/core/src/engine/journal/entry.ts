import type { BrokerEvents, DeliveryEvent } from '../../model/events.js'
import type { DeliveryEntry, DeliveryOutcome } from '../../model/journal.js'

/** The events that entries are made of, and what the journal calls them. */
export const FAILURES = {
  'delivery.retried': 'retried',
  'delivery.dead': 'dead',
  'delivery.unconfirmed': 'unconfirmed',
  'delivery.lost': 'lost',
  'delivery.stale': 'stale',
  'delivery.suspect': 'suspect',
  'handler.abandoned': 'abandoned',
} as const satisfies Partial<Record<keyof BrokerEvents, DeliveryOutcome>>

/** The same where everything is written. */
export const ALL = {
  ...FAILURES,
  'delivery.acked': 'acked',
  'delivery.released': 'released',
} as const satisfies Partial<Record<keyof BrokerEvents, DeliveryOutcome>>

export type JournalledEvent = BrokerEvents[keyof typeof ALL]

/** What an event may have beside what all of them have. */
type Details = Omit<DeliveryEntry, 'outcome' | 'time' | keyof DeliveryEvent>

/**
 * What an event comes to. Its members are named one by one: nothing that an event is given later, and no key, which may be
 * personal, gets into the journal unasked. `time` is in milliseconds since the epoch.
 */
export function entryOf(outcome: DeliveryOutcome, event: JournalledEvent, time: number): DeliveryEntry {
  const { topic, subscription, id, attempt } = event
  const { duration, delay, reason, error, losses, marks } = event as Details
  return {
    ...{ outcome, topic, subscription, id, attempt, time },
    ...(duration === undefined ? {} : { duration }),
    ...(delay === undefined ? {} : { delay }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
    ...(losses === undefined ? {} : { losses, marks }),
  } as DeliveryEntry
}

/** About how many characters an entry takes without its texts. */
const BARE = 160

/** About how many characters an entry takes. */
export function sizeOf({ topic, subscription, id, reason, error }: DeliveryEntry): number {
  const named = topic.length + subscription.length + id.length + (reason?.length ?? 0)
  const said = error === undefined ? 0 : BARE + error.message.length + (error.stack?.length ?? 0)
  return BARE + named + said
}

/** The characters of an error's text that are kept where there is room for nothing more. */
const SHORTEST = 200

/** An entry for a broker that takes no larger one: its error without the stack, in few words. */
export function shortened(entry: DeliveryEntry): DeliveryEntry {
  if (entry.error === undefined) return entry
  const { stack: _, message, ...error } = entry.error
  return { ...entry, error: { ...error, message: message.slice(0, SHORTEST) } }
}
