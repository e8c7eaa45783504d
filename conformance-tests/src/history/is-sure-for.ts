import type { EventOf } from './event.js'
import type { Publication } from './ledger.js'

/**
 * Whether what is stored is sure to be in a subscription: published when that was there already, or kept for whoever comes. What was
 * past its topic's retention before the subscription was declared may have gone; of what is kept by bytes, anything.
 */
export function isSureFor({ from, at, time, retention }: EventOf<'declare'>, publication: Publication): boolean {
  const { age = Number.POSITIVE_INFINITY, bytes } = retention
  if (publication.invoked > at) return true
  return from === 'earliest' && bytes === undefined && time - publication.invokedTime < age
}
