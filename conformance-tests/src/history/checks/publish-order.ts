import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import { type HandOver, type Ledger, messageKey, type Publication, subscriptionKey } from '../ledger.js'
import { precedes } from './precedes.js'

/**
 * A source of a fifo subscription hands out what it hands out for the first time in the order of publishing. Keyed messages
 * may have to wait for others of their key, delayed ones for their time; both are looked at elsewhere.
 */
export function publishOrder(ledger: Ledger): readonly Anomaly[] {
  const fifo = new Set(
    ledger
      .facts('declare')
      .filter(({ order, partitions }) => order === 'fifo' && partitions === 1)
      .map(({ topic, subscription }) => subscriptionKey(topic, subscription)),
  )
  const firsts = [...ledger.deliveries.values()].map(handOvers => handOvers[0] as HandOver)
  const bySource = groupBy(firsts, ({ event }) => event.source)
  return [...bySource.values()].flatMap(handOvers => {
    const { topic, subscription } = (handOvers[0] as HandOver).event
    return fifo.has(subscriptionKey(topic, subscription)) ? inversions(ledger, handOvers) : []
  })
}

function inversions(ledger: Ledger, handOvers: readonly HandOver[]): readonly Anomaly[] {
  const found: Anomaly[] = []
  const latest = new Map<string, { publication: Publication; handOver: HandOver }>()
  const inOrder = handOvers.toSorted((a, b) => a.event.at - b.event.at)
  for (const handOver of inOrder) {
    const publication = ordered(ledger, handOver)
    // What an unanswered pull has taken comes back later, at its place, as if for the first time.
    if (publication === undefined || ledger.gaps.some(({ at }) => at < handOver.event.at)) continue
    for (const before of latest.values()) {
      if (!precedes(publication, before.publication)) continue
      const { topic, subscription, id, at } = handOver.event
      const message = `${topic}/${subscription}: message ${id} came after ${before.publication.id}, before which it had been published.`
      found.push({
        check: 'publishOrder',
        message,
        events: [publication.invoked, before.publication.invoked, before.handOver.event.at, at],
      })
      break
    }
    const last = latest.get(publication.process)
    if (last === undefined || precedes(last.publication, publication)) {
      latest.set(publication.process, { publication, handOver })
    }
  }
  return found
}

/** The publish of a message that stands in the plain order; `undefined` for the others. */
function ordered(ledger: Ledger, { event }: HandOver): Publication | undefined {
  const sent = ledger.published.get(messageKey(event.topic, event.id)) ?? []
  const stored = sent.filter(({ result }) => result === 'stored')
  const [only] = stored
  if (stored.length !== 1 || sent.length !== 1 || only === undefined) return undefined
  const isPlain = only.key === undefined && only.delay === 0 && event.attempt === 1 && event.losses === 0
  return isPlain ? only : undefined
}
