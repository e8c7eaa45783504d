import type { Anomaly } from '../anomaly.js'
import { type Ledger, messageKey } from '../ledger.js'

/** What is delivered was published before, and not by a publish that definitely failed. */
export function invented(ledger: Ledger): readonly Anomaly[] {
  return ledger.handOvers.flatMap(({ event }) => {
    const sent = (ledger.published.get(messageKey(event.topic, event.id)) ?? []).filter(
      ({ invoked }) => invoked < event.at,
    )
    const name = `${event.topic}/${event.subscription}: message ${event.id}`
    if (sent.length === 0) {
      return [
        { check: 'invented', message: `${name} was handed out, and nobody had published it.`, events: [event.at] },
      ]
    }
    if (sent.some(({ result }) => result !== 'definite')) return []
    const message = `${name} was handed out, although its publish had definitely failed.`
    return [{ check: 'invented', message, events: [...sent.map(({ invoked }) => invoked), event.at] }]
  })
}
