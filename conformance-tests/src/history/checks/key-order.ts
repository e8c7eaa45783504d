import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import type { EventOf } from '../event.js'
import { isSureFor } from '../is-sure-for.js'
import { deliveryKey, finished, type Ledger, type Publication } from '../ledger.js'
import { gapsOf, mayHaveTaken } from './gaps.js'
import { precedes } from './precedes.js'

/** Messages of one key are handed out one after the other, in the order of their publishing, through retries. */
export function keyOrder(ledger: Ledger): readonly Anomaly[] {
  const groups = byKey(ledger)
  if (groups.size === 0) return []
  const seen = new Set<string>()
  return ledger.facts('declare').flatMap(declared => {
    const name = JSON.stringify([declared.topic, declared.subscription])
    if (seen.has(name)) return []
    seen.add(name)
    return [...groups.values()].flatMap(group =>
      group[0]?.topic === declared.topic ? overtakings(ledger, declared, group) : [],
    )
  })
}

/**
 * What was stored, of one topic and key, in the order of publishing. Delayed ones take their place when they are due; of what has been
 * trimmed nobody knows what is left.
 */
function byKey(ledger: Ledger): ReadonlyMap<string, readonly Publication[]> {
  const trims = ledger.facts('trim')
  const isKept = ({ topic, invoked }: Publication) => !trims.some(trim => trim.topic === topic && trim.at > invoked)
  const stored = ledger.publications.filter(
    publication =>
      publication.key !== undefined &&
      publication.result === 'stored' &&
      publication.delay === 0 &&
      isKept(publication),
  )
  return groupBy(stored, ({ topic, key }) => JSON.stringify([topic, key]))
}

/** A message's way through one subscription, as positions in the history; `Infinity`: not yet. */
interface Passage {
  readonly publication: Publication
  readonly begun: number
  readonly finished: number
}

function overtakings(ledger: Ledger, declared: EventOf<'declare'>, group: readonly Publication[]): readonly Anomaly[] {
  const { topic, subscription } = declared
  const gaps = gapsOf(ledger, topic, subscription)
  const passages = group
    .filter(publication => isSureFor(declared, publication))
    .map(publication => passageOf(ledger, subscription, publication))
    // What a pull that was never answered has taken is nobody's to see.
    .filter(
      ({ begun, publication }) => begun < Number.POSITIVE_INFINITY || !gaps.some(gap => mayHaveTaken(gap, publication)),
    )
  return passages.flatMap((later, index) => {
    const earlier = passages
      .slice(0, index)
      .find(before => later.begun < before.finished && precedes(before.publication, later.publication))
    if (earlier === undefined || later.begun === Number.POSITIVE_INFINITY) return []
    const state = earlier.begun < later.begun ? 'not been finished' : 'not been handed out'
    const { id, key } = later.publication
    const message = `${topic}/${subscription}: message ${id} of key "${key}" was handed out while ${earlier.publication.id}, published before it, had ${state}.`
    const events = [earlier.publication.invoked, later.publication.invoked, later.begun]
    return [{ check: 'keyOrder', message, events }]
  })
}

function passageOf(ledger: Ledger, subscription: string, publication: Publication): Passage {
  const handOvers = ledger.deliveries.get(deliveryKey(publication.topic, subscription, publication.id)) ?? []
  const ends = handOvers.map(handOver => finished(handOver)?.invoked ?? Number.POSITIVE_INFINITY)
  return {
    publication,
    begun: handOvers[0]?.event.at ?? Number.POSITIVE_INFINITY,
    finished: Math.min(Number.POSITIVE_INFINITY, ...ends),
  }
}
