import type { Anomaly } from './anomaly.js'
import { altered } from './checks/altered.js'
import { attempts } from './checks/attempts.js'
import { duplicated } from './checks/duplicated.js'
import { invented } from './checks/invented.js'
import { keyOrder } from './checks/key-order.js'
import { lost } from './checks/lost.js'
import { overlapping } from './checks/overlapping.js'
import { publishOrder } from './checks/publish-order.js'
import { unsent } from './checks/unsent.js'
import type { HistoryEvent, Promises } from './event.js'
import { type Ledger, ledgerOf } from './ledger.js'

type Check = (ledger: Ledger, promises: Promises) => readonly Anomaly[]

/** Every check, by its name. */
export const CHECKS: Readonly<Record<string, Check>> = Object.freeze({
  lost,
  unsent,
  invented,
  altered,
  duplicated,
  attempts,
  keyOrder: (ledger, promises) => (promises.keys === 'none' ? [] : keyOrder(ledger)),
  publishOrder,
  overlapping,
})

/**
 * Judges a history by what an adapter's capabilities promise: nothing lost, invented, altered, or handed out twice without
 * cause; attempts counted; order kept, per key through retries; runs that do not overlap. Empty where all is well.
 *
 * @example
 * ```ts
 * import { checkHistory, History } from '@pluribus/conformance'
 * import type { Capabilities } from '@pluribus/core'
 *
 * const assertClean = (history: History, capabilities: Capabilities) => {
 *   const [first] = checkHistory(history.events, capabilities)
 *   if (first !== undefined) throw new Error(`${first.check}: ${first.message}`)
 * }
 * ```
 */
export function checkHistory(events: readonly HistoryEvent[], promises: Promises): readonly Anomaly[] {
  const ledger = ledgerOf(events)
  const foreign = new Set(ledger.facts('inject').map(({ topic }) => topic))
  // What a foreign client has put into a topic cannot be told from what is ours.
  const isForeign = (at: number): boolean => {
    const event = events[at]
    return event !== undefined && 'topic' in event && foreign.has(event.topic)
  }
  return Object.values(CHECKS)
    .flatMap(check => check(ledger, promises))
    .filter(anomaly => !anomaly.events.some(isForeign))
}
