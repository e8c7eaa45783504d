import type { EventOf } from './event.js'
import { isSureFor } from './is-sure-for.js'
import { deliveryKey, finished, type HandOver, type Ledger, messageKey, type Publication } from './ledger.js'

type Declared = EventOf<'declare'>

/** A message that a subscription has to have: stored for it, and not known to be handled. */
export interface Owed {
  readonly publication: Publication
  readonly handOvers: readonly HandOver[]
  /** It has been dead-lettered, and has to be there as a dead letter. */
  readonly isDead: boolean
  /** Before this moment it need not come, in milliseconds of the monotonic clock. */
  readonly due: number
}

/** What a subscription owes; nothing where it was removed, or its topic trimmed by hand. */
export function owed(ledger: Ledger, topic: string, subscription: string): readonly Owed[] {
  const concerns = (fact: { readonly topic: string; readonly subscription: string }) =>
    fact.topic === topic && fact.subscription === subscription
  const declared = ledger.facts('declare').find(concerns)
  const isGone = ledger.facts('remove').some(concerns) || ledger.facts('trim').some(trim => trim.topic === topic)
  if (declared === undefined || isGone) return []
  const discarded = ledger.facts('discard').filter(concerns)
  const redriven = ledger.facts('redrive').filter(concerns)
  return storedFor(ledger, declared).flatMap(publication => {
    const { id } = publication
    const handOvers = ledger.deliveries.get(deliveryKey(topic, subscription, id)) ?? []
    const ends = handOvers.map(finished).filter(call => call !== undefined)
    const rejected = ends.findLast(({ as, result }) => as === 'reject' && result === 'done')
    // An ack in doubt is an ack: its handler has run. A reject in doubt has left a dead letter, or the message.
    const isHandled = ends.some(({ as }) => as === 'ack')
    if (isHandled || discarded.some(({ ids }) => ids === 'all' || ids.includes(id))) return []
    const isBack = redriven.some(({ ids, at }) => at > (rejected?.invoked ?? 0) && (ids === 'all' || ids.includes(id)))
    return [
      {
        publication,
        handOvers,
        isDead: rejected !== undefined && !isBack,
        due: dueTime(ledger, publication, handOvers),
      },
    ]
  })
}

/** What is sure to be in a subscription, and stored. */
function storedFor(ledger: Ledger, declared: Declared): readonly Publication[] {
  const confirmed = new Set(
    ledger
      .facts('receipt')
      .filter(({ result }) => result === 'stored' || result === 'duplicate')
      .map(receipt => messageKey(receipt.topic, receipt.id ?? '')),
  )
  const sure = new Map<string, Publication>()
  for (const publication of ledger.publications) {
    const key = messageKey(publication.topic, publication.id)
    if (publication.topic !== declared.topic || sure.has(key)) continue
    const isStored = publication.result === 'stored' || confirmed.has(key)
    if (isStored && isSureFor(declared, publication)) sure.set(key, publication)
  }
  return [...sure.values()]
}

function dueTime(
  ledger: Ledger,
  { resolved, invokedTime, delay }: Publication,
  handOvers: readonly HandOver[],
): number {
  const timeAt = (at: number) => ledger.events[at]?.time ?? invokedTime
  const retries = handOvers.flatMap(({ settles }) => settles).filter(({ as }) => as === 'retry')
  return Math.max(timeAt(resolved) + delay, ...retries.map(call => timeAt(call.resolved) + (call.delay ?? 0)))
}
