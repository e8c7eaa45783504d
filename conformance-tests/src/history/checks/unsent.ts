import type { Anomaly } from '../anomaly.js'
import { type Ledger, messageKey } from '../ledger.js'

/** A receipt that says "stored" is for a message that the adapter said it had stored. */
export function unsent(ledger: Ledger): readonly Anomaly[] {
  return ledger.facts('receipt').flatMap(receipt => {
    if (receipt.result !== 'stored' && receipt.result !== 'duplicate') return []
    const sent = ledger.published.get(messageKey(receipt.topic, receipt.id ?? '')) ?? []
    if (sent.some(({ result, resolved }) => (result === 'stored' || result === 'duplicate') && resolved < receipt.at))
      return []
    const message = `${receipt.topic}: the receipt of ${receipt.id} says that it is stored; the adapter has not said so.`
    return [{ check: 'unsent', message, events: [receipt.at] }]
  })
}
