import type { ErrorRecord } from '@pluribus/core/driver'
import type { SubscriptionModel } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'

/**
 * How a message stands with one subscription:
 *
 * - `done`: handled, or the subscription began behind it
 * - `waiting`: to be handed out
 * - `taken`: handed out, and not settled
 * - `retrying`, `scheduled`: not due yet, after a failed run or since it was published with a delay
 * - `dead`: a dead letter, which is exported by itself
 */
interface Standing {
  readonly subscription: string
  readonly state: 'done' | 'waiting' | 'taken' | 'retrying' | 'scheduled' | 'dead'
  /** Milliseconds after the last record of the log. */
  readonly dueIn?: number
  /** The broker object that has it. */
  readonly takenBy?: string
  /** Failed runs since it was published, or put back. */
  readonly failures?: number
  /** Deliveries that have ended without a word. */
  readonly losses?: number
  readonly errors?: readonly ErrorRecord[]
}

/** How a message stands with each subscription of its topic. @param clock The folder's, at the last record. */
export function standingsOf(topic: TopicModel, position: number, clock: number): readonly Standing[] {
  return [...topic.subscriptions.values()].map(subscription => standingOf(topic, subscription, position, clock))
}

function standingOf(topic: TopicModel, subscription: SubscriptionModel, position: number, clock: number): Standing {
  const { spec, pending, deaths, taken } = subscription
  const base = { subscription: spec.name }
  if (!pending.has(position)) return { ...base, state: 'done' }
  if (deaths.has(position)) return { ...base, state: 'dead' }
  const held = subscription.heldAgainst(position)
  const known = held && { failures: held.failures, losses: held.losses, errors: held.errors }
  const takenBy = taken.get(position)
  if (takenBy !== undefined) return { ...base, state: 'taken', takenBy, ...known }
  const retryDue = (held?.due ?? 0) - clock
  if (retryDue > 0) return { ...base, state: 'retrying', dueIn: retryDue, ...known }
  const firstDue = subscription.revived.has(position) ? 0 : topic.index.dueOf(position) - clock
  if (firstDue > 0) return { ...base, state: 'scheduled', dueIn: firstDue, ...known }
  return { ...base, state: 'waiting', ...known }
}
