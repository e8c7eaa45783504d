import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import type { HandlerRun, Ledger } from '../ledger.js'

/**
 * In one process, runs of one message, and of one key, of a subscription never overlap, unless the earlier one has been
 * told to stop.
 */
export function overlapping(ledger: Ledger): readonly Anomaly[] {
  const found: Anomaly[] = []
  for (const by of ['id', 'key'] as const) {
    const groups = groupBy(ledger.runs, ({ event }) =>
      JSON.stringify([event.process, event.topic, event.subscription, event[by] ?? { unkeyed: event.run }]),
    )
    for (const runs of groups.values()) found.push(...overlapsIn(runs, by))
  }
  return found
}

function overlapsIn(runs: readonly HandlerRun[], by: 'id' | 'key'): readonly Anomaly[] {
  return runs.slice(1).flatMap((later, index) => {
    const earlier = runs.slice(0, index + 1).find(run => run.ended > later.event.at && run.aborted > later.event.at)
    // Two runs of one message have one key too: once is enough.
    if (earlier === undefined || (by === 'key' && earlier.event.id === later.event.id)) return []
    const { topic, subscription, id, key } = later.event
    const what = by === 'id' ? `message ${id}` : `key "${key}" (${earlier.event.id}, ${id})`
    const message = `${topic}/${subscription}: two runs of ${what} overlap in ${later.event.process}.`
    return [{ check: 'overlapping', message, events: [earlier.event.at, later.event.at] }]
  })
}
