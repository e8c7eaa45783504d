import type { Anomaly } from '../anomaly.js'
import type { EventOf, Promises } from '../event.js'
import { type HandOver, type Ledger, messageKey, type SettleCall } from '../ledger.js'
import { mayBeCopied } from './copied.js'

/**
 * A message is handed out again only for a reason: it was given back, its lease has ended, its consumer is gone, it was
 * redriven. Never after a confirmed ack or reject, where settling is `stored`; where it is only `sent`, an ack may be lost
 * with its connection, or arrive when the lease is over. Where fencing is `local`, a retry in doubt may have left two of a message.
 */
export function duplicated(ledger: Ledger, promises: Promises): readonly Anomaly[] {
  return [...ledger.deliveries.values()].flatMap(handOvers =>
    handOvers.slice(1).flatMap((next, index) => {
      if (mayBeCopied(handOvers.slice(0, index + 1), promises) || wasStoredTwice(ledger, next)) return []
      const before = handOvers.slice(0, index + 1).filter(handOver => !isRedriven(ledger, handOver, next))
      const held = next.isLate ? undefined : before.findLast(({ isLate }) => !isLate)
      const whileItWas = held === undefined ? [] : whileHeld(held, next)
      return [...afterItsEnd(ledger, before, next, promises), ...whileItWas]
    }),
  )
}

const nameOf = ({ event }: HandOver): string => `${event.topic}/${event.subscription}: message ${event.id}`

function afterItsEnd(
  ledger: Ledger,
  before: readonly HandOver[],
  next: HandOver,
  promises: Promises,
): readonly Anomaly[] {
  for (const handOver of before) {
    const end = handOver.settles.find(call => isConfirmedEnd(call) && call.resolved < next.event.asked)
    if (end === undefined) continue
    if (promises.settle === 'sent' && (handOver.gone < next.event.at || wasLate(ledger, end, handOver))) continue
    const what = end.as === 'ack' ? 'acked' : 'dead-lettered'
    const message = `${nameOf(next)} was handed out again after it had been ${what}.`
    return [{ check: 'duplicated', message, events: [handOver.event.at, end.resolved, next.event.at] }]
  }
  return []
}

/** What is only sent may have arrived when the lease was over. */
const wasLate = ({ events }: Ledger, { resolved }: SettleCall, { leaseEnd }: HandOver): boolean =>
  (events[resolved]?.time ?? 0) >= leaseEnd

const isConfirmedEnd = ({ as, result }: SettleCall): boolean => (as === 'ack' || as === 'reject') && result === 'done'

function whileHeld(held: HandOver, next: HandOver): readonly Anomaly[] {
  const isFree =
    held.gone < next.event.at ||
    held.settles.some(({ invoked }) => invoked < next.event.at) ||
    next.event.time >= held.leaseEnd
  if (isFree) return []
  const until = Number.isFinite(held.leaseEnd)
    ? `, whose lease lasted ${Math.ceil(held.leaseEnd - next.event.time)} ms more`
    : ''
  const message = `${nameOf(next)} was handed out to ${next.event.process} while ${held.event.process} held it${until}.`
  return [{ check: 'duplicated', message, events: [held.event.at, next.event.at] }]
}

/** Two publishes of one id that were both stored are two messages. */
export function wasStoredTwice(ledger: Ledger, { event }: HandOver): boolean {
  const stored = (ledger.published.get(messageKey(event.topic, event.id)) ?? []).filter(
    ({ result, invoked }) => invoked < event.at && result !== 'duplicate' && result !== 'definite',
  )
  return stored.length > 1
}

/**
 * Whether a message began afresh between two deliveries: it was dead and was put back, or its subscription was removed and
 * made anew. A redrive of all that is dead does not concern what is acked, or held.
 */
export function isRedriven(ledger: Ledger, before: HandOver, next: HandOver): boolean {
  const { topic, subscription, id } = next.event
  const between = (fact: EventOf<'redrive' | 'remove'>) =>
    fact.at > before.event.at && fact.at < next.event.at && fact.topic === topic && fact.subscription === subscription
  if (ledger.facts('remove').some(between)) return true
  const wasDead = before.settles.some(({ as, result }) => as === 'reject' && result !== 'stale')
  return wasDead && ledger.facts('redrive').some(fact => between(fact) && (fact.ids === 'all' || fact.ids.includes(id)))
}
