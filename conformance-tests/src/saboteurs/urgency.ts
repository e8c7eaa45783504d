import type { Adapter, Delivery, Source } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { choosing } from './handing-out.js'
import { mapBatches, mapOutgoing } from './map-batches.js'
import { mapMessages } from './map-deliveries.js'
import { mapDeclared } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with lifo and priority. */
export const URGENCY = defineSaboteurs(
  {
    name: 'lifo-is-fifo',
    of: 'memory',
    breaks: 'A lifo subscription is declared and opened as a fifo one.',
    caughtBy: 'LFO-01',
    says: /the order of the runs:.*expected 100, found 1/s,
    adapter: inner =>
      mapDeclared(inner, spec =>
        spec.discipline.kind === 'lifo' ? { ...spec, discipline: { ...spec.discipline, kind: 'fifo' } } : spec,
      ),
  },
  {
    name: 'lifo-fetches-ahead',
    of: 'memory',
    breaks: 'What a lifo subscription hands out has been fetched when its consumer first asked.',
    caughtBy: 'LFO-02',
    says: /the order of the runs: expected \[ 3, 4, 2, 1 \], found \[ 3, 2, 1, 4 \]/,
    adapter: inner => decorate(inner, { source: fetchingAhead }),
  },
  {
    name: 'a-batch-is-reversed',
    of: 'memory',
    breaks: 'A batch is stored from its end.',
    caughtBy: 'LFO-09',
    says: /the order of the runs/,
    adapter: inner => mapBatches(inner, batch => batch.toReversed()),
  },
  {
    name: 'priority-is-ignored',
    of: 'memory',
    breaks: 'A subscription by priority is a fifo one.',
    caughtBy: 'PRI-01',
    says: /the order of the runs/,
    adapter: inner =>
      mapDeclared(inner, spec =>
        spec.discipline.kind === 'priority'
          ? { ...spec, discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' } }
          : spec,
      ),
  },
  {
    name: 'priority-is-reversed',
    of: 'memory',
    breaks: 'The smallest number goes first.',
    caughtBy: 'PRI-04',
    says: /the order of the runs, each numbered as its priority:.*expected 10, found 1\)/s,
    adapter: inner => ranking(inner, priority => 255 - priority),
  },
  {
    name: 'priority-is-clamped',
    of: 'memory',
    breaks: 'Priorities above 99 become 99.',
    caughtBy: 'PRI-05',
    says: /the priorities that handlers see/,
    adapter: inner => mapMessages(inner, ({ priority }) => ({ priority: Math.min(99, priority) })),
  },
  {
    name: 'one-level-is-lifo',
    of: 'memory',
    breaks: 'Within one priority, the order is that of nobody: each pull is reversed.',
    caughtBy: 'PRI-02',
    says: /the order of the runs of priority 1/,
    adapter: inner => decorate(inner, { source: source => choosingOne(source, lastOfALevel) }),
  },
  {
    name: 'a-retry-forgets-the-priority',
    of: 'memory',
    breaks: 'What is run again after a failure is as urgent as what has no priority.',
    caughtBy: 'PRI-08',
    says: /the order of the runs/,
    adapter: inner =>
      decorate(inner, {
        source: source => choosingOne(source, deliveries => deliveries.find(({ attempt }) => attempt === 1)),
      }),
  },
)

/** Messages are ranked by something else than their priority, and handed out with it. */
const ranking = (inner: Adapter, rank: (priority: number) => number): Adapter =>
  mapMessages(
    mapOutgoing(inner, ({ priority }) => ({ priority: rank(priority) })),
    ({ priority }) => ({ priority: rank(priority) }),
  )

/** Pulls a hundred, and hands them out as they are asked for. */
function fetchingAhead(source: Source): Partial<Source> {
  const fetched: Delivery[] = []
  return {
    async pull(max) {
      if (fetched.length === 0) fetched.push(...(await source.pull(Math.min(max * 100, 100))).deliveries)
      return { deliveries: fetched.splice(0, max), more: fetched.length > 0 }
    },
  }
}

/** Where one is asked for, looks at all that waits, and hands out the one that is chosen, or else the first. */
const choosingOne = (source: Source, choose: (deliveries: readonly Delivery[]) => Delivery | undefined) =>
  choosing(
    source,
    max => (max === 1 ? 1_000 : max),
    (deliveries, max) =>
      max === 1 ? [choose(deliveries) ?? deliveries[0]].filter(one => one !== undefined) : deliveries,
  )

const lastOfALevel = (deliveries: readonly Delivery[]) =>
  deliveries.findLast(({ message }) => message.priority === deliveries[0]?.message.priority)
