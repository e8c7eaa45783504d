import type { Anomaly } from '../anomaly.js'
import type { Ledger } from '../ledger.js'
import { owed } from '../owed.js'

/**
 * What was stored is, for every subscription that wants it, acked, dead, or still there. Needs an audit at the end of the
 * history; subscriptions without a complete one are not judged.
 */
export function lost(ledger: Ledger): readonly Anomaly[] {
  return ledger.facts('audit').flatMap(audit => {
    if (!audit.complete) return []
    const { topic, subscription, time } = audit
    const found = new Set([...audit.left, ...audit.dead])
    return owed(ledger, topic, subscription).flatMap(({ publication, handOvers, isDead, due }) => {
      if (found.has(publication.id) || due > time) return []
      const name = `${topic}/${subscription}: message ${publication.id}`
      const message = isDead
        ? `${name} was dead-lettered, and there is no dead letter of it.`
        : `${name} was stored, and is lost: neither acked nor dead nor waiting (handed out ${handOvers.length} times).`
      return [{ check: 'lost', message, events: [publication.invoked, ...handOvers.map(({ event }) => event.at)] }]
    })
  })
}
