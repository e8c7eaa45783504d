import type { HistoryEvent } from './event.js'

/** Numbers of one origin are below it, so that those of several can be told apart. */
const RANGE = 2 ** 32

/**
 * One history of several that were recorded apart, by one clock: in the order of time, those of one origin in their own
 * order. Positions and numbers are made anew.
 */
export function merge(origins: readonly (readonly HistoryEvent[])[]): readonly HistoryEvent[] {
  const [only, ...others] = origins
  if (only === undefined || others.every(events => events.length === 0)) return only ?? []
  const all = origins.flatMap((events, origin) => events.map(event => ({ event, origin })))
  all.sort((a, b) => a.event.time - b.event.time || a.origin - b.origin || a.event.at - b.event.at)
  const places = origins.map(() => new Map<number, number>())
  for (const [at, { event, origin }] of all.entries()) places[origin]?.set(event.at, at)
  return all.map(({ event, origin }, at) => {
    const number = (value: number) => (value === 0 ? 0 : value + origin * RANGE)
    const place = (value: number) => places[origin]?.get(value) ?? at
    return { ...renumbered(event, number, place), at }
  })
}

function renumbered(
  event: HistoryEvent,
  number: (value: number) => number,
  place: (at: number) => number,
): HistoryEvent {
  switch (event.kind) {
    case 'publish':
    case 'published':
      return { ...event, batch: number(event.batch) }
    case 'open':
    case 'pull':
    case 'end':
      return { ...event, source: number(event.source) }
    case 'deliver':
      return { ...event, source: number(event.source), delivery: number(event.delivery), asked: place(event.asked) }
    case 'renewed':
      return { ...event, deliveries: event.deliveries.map(number), asked: place(event.asked) }
    case 'lost':
      return { ...event, source: number(event.source), deliveries: event.deliveries.map(number) }
    case 'mark':
    case 'settle':
    case 'settled':
      return { ...event, delivery: number(event.delivery) }
    case 'run':
    case 'abort':
    case 'ran':
      return { ...event, run: number(event.run) }
    default:
      return event
  }
}
