import type { Anomaly } from '../anomaly.js'
import { type Ledger, messageKey } from '../ledger.js'

/** What is delivered is what was published: payload, key, priority, headers and the rest of the envelope. */
export function altered(ledger: Ledger): readonly Anomaly[] {
  return ledger.handOvers.flatMap(({ event }) => {
    const sent = ledger.published.get(messageKey(event.topic, event.id)) ?? []
    if (sent.length === 0 || sent.some(({ digest }) => digest === event.digest)) return []
    const attempt = event.attempt > 1 ? ` on attempt ${event.attempt}` : ''
    const message = `${event.topic}/${event.subscription}: message ${event.id} was altered: what was handed out${attempt} is not what was published.`
    return [{ check: 'altered', message, events: [...sent.map(({ invoked }) => invoked), event.at] }]
  })
}
