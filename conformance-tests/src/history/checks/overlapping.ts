import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import type { Promises } from '../event.js'
import { deliveryKey, type HandlerRun, type Ledger } from '../ledger.js'
import { mayBeCopied } from './copied.js'
import { wasStoredTwice } from './duplicated.js'

/**
 * In one process, runs of one message, and of one key, of a subscription never overlap, unless the earlier one has been
 * told to stop. Where there may be two of a message, each of them is run.
 */
export function overlapping(ledger: Ledger, promises: Promises): readonly Anomaly[] {
  const found: Overlap[] = []
  for (const by of ['id', 'key'] as const) {
    const groups = groupBy(ledger.runs, ({ event }) =>
      JSON.stringify([event.process, event.topic, event.subscription, event[by] ?? { unkeyed: event.run }]),
    )
    for (const runs of groups.values())
      found.push(...overlapsIn(runs, by).filter(({ later }) => by === 'key' || !isTwo(later, ledger, promises)))
  }
  return found.map(({ anomaly }) => anomaly)
}

/** Whether there may be two of the message that is run, as far as has been seen by then. */
function isTwo({ event }: HandlerRun, ledger: Ledger, promises: Promises): boolean {
  const all = ledger.deliveries.get(deliveryKey(event.topic, event.subscription, event.id)) ?? []
  const before = all.filter(handOver => handOver.event.at < event.at)
  const last = before.at(-1)
  return last !== undefined && (mayBeCopied(before, promises) || wasStoredTwice(ledger, last))
}

interface Overlap {
  readonly later: HandlerRun
  readonly anomaly: Anomaly
}

function overlapsIn(runs: readonly HandlerRun[], by: 'id' | 'key'): readonly Overlap[] {
  return runs.slice(1).flatMap((later, index) => {
    const earlier = runs.slice(0, index + 1).find(run => run.ended > later.event.at && run.aborted > later.event.at)
    // Two runs of one message have one key too: once is enough.
    if (earlier === undefined || (by === 'key' && earlier.event.id === later.event.id)) return []
    const { topic, subscription, id, key } = later.event
    const what = by === 'id' ? `message ${id}` : `key "${key}" (${earlier.event.id}, ${id})`
    const message = `${topic}/${subscription}: two runs of ${what} overlap in ${later.event.process}.`
    return [{ later, anomaly: { check: 'overlapping', message, events: [earlier.event.at, later.event.at] } }]
  })
}
