import type { Subscription } from '@pluribus/core'
import { type HandOver, type Ledger, ledgerOf, messageKey, type Publication } from '../history/ledger.js'
import type { CaseContext } from './context.js'
import { Failure } from './failure.js'

/** Whether one message has to be handed out before another while both wait. */
export type ComesBefore = (one: Publication, other: Publication) => boolean

/**
 * Fails where a message was handed out although another, which was sure to wait when it was asked for, comes before it.
 * What is being published meanwhile may be seen or not: publishes that overlap have no order. For workloads in which
 * nothing fails and nothing is given back.
 */
export function handedOutInOrder(it: CaseContext, of: Subscription<unknown>, comesBefore: ComesBefore): void {
  const ledger = ledgerOf(it.history.events)
  const handOvers = ledger.handOvers.filter(
    ({ event }) => event.topic === of.topic.name && event.subscription === of.name && event.process !== 'audit',
  )
  const waiting = new Map(handOvers.map(handOver => [handOver, publicationOf(ledger, handOver)]))
  for (const [handOver, taken] of [...waiting]) {
    waiting.delete(handOver)
    const asked = askedFor(ledger, handOver)
    for (const [later, other] of waiting) {
      if (other.resolved >= asked || mayBeTaken(ledger, later, handOver) || !comesBefore(other, taken)) continue
      throw new Failure(`${taken.id} was handed out while ${other.id} waited, which comes before it`)
    }
  }
}

/** What another source had asked for by then may have been its own already, though it was heard of later. */
const mayBeTaken = (ledger: Ledger, later: HandOver, { event }: HandOver): boolean =>
  later.event.source !== event.source && askedFor(ledger, later) < event.at

function publicationOf(ledger: Ledger, { event }: HandOver): Publication {
  const [publication] = ledger.published.get(messageKey(event.topic, event.id)) ?? []
  if (publication === undefined) throw new Failure(`${event.id} was handed out, and nobody had published it`)
  return publication
}

/** When it was asked for: by the pull before where that one found too little, and left its demand standing. */
function askedFor(ledger: Ledger, { event }: HandOver): number {
  const pulls = ledger.facts('pull').filter(({ source, at }) => source === event.source && at <= event.asked)
  const before = pulls.at(-2)
  if (before === undefined) return event.asked
  const found = ledger.handOvers.filter(handOver => handOver.event.asked === before.at).length
  return found < before.max ? before.at : event.asked
}
