import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import { deliveryKey, finished, type HandOver, type Ledger, type Publication } from '../ledger.js'
import { precedes } from './precedes.js'

/** Messages of one key are handed out one after the other, in the order of their publishing, through retries. */
export function keyOrder(ledger: Ledger): readonly Anomaly[] {
  const found: Anomaly[] = []
  for (const group of byKey(ledger).values()) {
    for (const [index, later] of group.entries()) {
      for (const earlier of group.slice(0, index)) {
        // Delayed ones take their place when they are due.
        if (earlier.delay > 0 || later.delay > 0 || !precedes(earlier, later)) continue
        found.push(...overtaken(ledger, earlier, later))
      }
    }
  }
  return found
}

/** What was stored, of one topic and key, in the order of publishing. */
function byKey(ledger: Ledger): ReadonlyMap<string, readonly Publication[]> {
  const stored = ledger.publications.filter(({ key, result }) => key !== undefined && result === 'stored')
  return groupBy(stored, ({ topic, key }) => JSON.stringify([topic, key]))
}

function overtaken(ledger: Ledger, earlier: Publication, later: Publication): readonly Anomaly[] {
  const subscriptions = new Map(
    ledger
      .facts('declare')
      .filter(({ topic, from, at }) => topic === later.topic && (from === 'earliest' || at < earlier.invoked))
      .map(declared => [declared.subscription, declared]),
  )
  return [...subscriptions.keys()].flatMap(subscription => {
    const of = ({ topic, id }: Publication) => ledger.deliveries.get(deliveryKey(topic, subscription, id)) ?? []
    const before = of(earlier)
    const first = of(later).find(({ event }) => !isFinished(before, event.at))
    if (first === undefined || isUnseen(ledger, before, subscription)) return []
    const state = before.length === 0 ? 'not been handed out' : 'not been finished'
    const message = `${later.topic}/${subscription}: message ${later.id} of key "${later.key}" was handed out while ${earlier.id}, published before it, had ${state}.`
    return [{ check: 'keyOrder', message, events: [earlier.invoked, later.invoked, first.event.at] }]
  })
}

const isFinished = (handOvers: readonly HandOver[], at: number): boolean =>
  handOvers.some(handOver => (finished(handOver)?.invoked ?? Number.POSITIVE_INFINITY) < at)

/** A source that ended with a pull under way may have taken messages that nobody has seen. */
const isUnseen = (ledger: Ledger, before: readonly HandOver[], subscription: string): boolean =>
  before.length === 0 &&
  ledger
    .facts('end')
    .some(
      ({ unanswered, source }) =>
        unanswered && ledger.facts('open').some(open => open.source === source && open.subscription === subscription),
    )
