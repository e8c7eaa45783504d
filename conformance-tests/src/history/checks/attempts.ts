import type { Anomaly } from '../anomaly.js'
import type { Promises } from '../event.js'
import { type HandOver, isOpen, type Ledger, messageKey } from '../ledger.js'
import { mayBeCopied } from './copied.js'
import { isRedriven } from './duplicated.js'

/**
 * The first delivery is attempt 1; a confirmed retry adds one, and nothing else does. A redrive starts afresh. Where
 * attempts live with their process, another process may count fewer, never more; so may a later source of the same process,
 * because what an outage has taken out of its hands comes from the broker, which has not heard of the failed runs. What was
 * seen late was handed out some time before: it is left out.
 */
export function attempts(ledger: Ledger, promises: Promises): readonly Anomaly[] {
  return [...ledger.deliveries.values()].flatMap(all => {
    const handOvers = all.filter(({ isLate }) => !isLate)
    return handOvers.flatMap((next, index) => {
      const before = handOvers[index - 1]
      if (isStoredAgain(ledger, next) || mayBeCopied(handOvers.slice(0, index), promises)) return []
      const legal = before === undefined ? [1] : legalAfter(ledger, before, next, promises)
      const { topic, subscription, id, attempt, at } = next.event
      if (legal.includes(attempt)) return []
      const message = `${topic}/${subscription}: message ${id} came as attempt ${attempt}, where ${legal.join(' or ')} was due.`
      return [{ check: 'attempts', message, events: before === undefined ? [at] : [before.event.at, at] }]
    })
  })
}

function legalAfter(ledger: Ledger, before: HandOver, next: HandOver, promises: Promises): readonly number[] {
  if (isRedriven(ledger, before, next)) return [1]
  const { attempt } = before.event
  const retries = before.settles.filter(({ as, invoked }) => as === 'retry' && invoked < next.event.at)
  const exact = retries.some(({ result }) => result === 'done')
    ? [attempt + 1]
    : retries.some(({ result }) => isOpen(result))
      ? [attempt, attempt + 1]
      : [attempt]
  const isElsewhere = before.event.process !== next.event.process
  const isAnew = before.event.source !== next.event.source && before.gone < next.event.at
  if (promises.attempts !== 'process' || !(isElsewhere || isAnew)) return exact
  return Array.from({ length: Math.max(...exact) }, (_, index) => index + 1)
}

/** Two stored messages of one id cannot be told apart. */
const isStoredAgain = (ledger: Ledger, { event }: HandOver): boolean =>
  (ledger.published.get(messageKey(event.topic, event.id)) ?? []).filter(
    ({ result }) => result !== 'duplicate' && result !== 'definite',
  ).length > 1
