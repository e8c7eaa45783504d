import type { Adapter, Delivery, Source, SubscriptionSpec } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { handingOut, messageLike } from './handing-out.js'
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
      redefining(inner, spec =>
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
    adapter: inner =>
      decorate(inner, { publisher: publisher => ({ publish: batch => publisher.publish(batch.toReversed()) }) }),
  },
  {
    name: 'priority-is-ignored',
    of: 'memory',
    breaks: 'A subscription by priority is a fifo one.',
    caughtBy: 'PRI-01',
    says: /the order of the runs/,
    adapter: inner =>
      redefining(inner, spec =>
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
    adapter: inner =>
      decorate(inner, {
        source: source =>
          handingOut(source, deliveries =>
            deliveries.map(delivery => ({
              ...delivery,
              message: messageLike(delivery.message, { priority: Math.min(99, delivery.message.priority) }),
            })),
          ),
      }),
  },
  {
    name: 'one-level-is-lifo',
    of: 'memory',
    breaks: 'Within one priority, the order is that of nobody: each pull is reversed.',
    caughtBy: 'PRI-02',
    says: /the order of the runs of priority 1/,
    adapter: inner => decorate(inner, { source: source => choosing(source, lastOfALevel) }),
  },
  {
    name: 'a-retry-forgets-the-priority',
    of: 'memory',
    breaks: 'What is run again after a failure is as urgent as what has no priority.',
    caughtBy: 'PRI-08',
    says: /the order of the runs/,
    adapter: inner =>
      decorate(inner, {
        source: source => choosing(source, deliveries => deliveries.find(({ attempt }) => attempt === 1)),
      }),
  },
)

function redefining(inner: Adapter, change: (spec: SubscriptionSpec) => SubscriptionSpec): Adapter {
  return decorate(inner, {
    connection: connection => ({
      declare: (topics, subscriptions) => connection.declare(topics, subscriptions.map(change)),
    }),
  })
}

/** Messages are ranked by something else than their priority, and handed out with it. */
function ranking(inner: Adapter, rank: (priority: number) => number): Adapter {
  return decorate(inner, {
    publisher: publisher => ({
      publish: batch =>
        publisher.publish(batch.map(message => messageLike(message, { priority: rank(message.priority) }))),
    }),
    source: source =>
      handingOut(source, deliveries =>
        deliveries.map(delivery => ({
          ...delivery,
          message: messageLike(delivery.message, { priority: rank(delivery.message.priority) }),
        })),
      ),
  })
}

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

/** Looks at all that waits, and hands out one that it chooses. */
function choosing(
  source: Source,
  choose: (deliveries: readonly Delivery[]) => Delivery | undefined,
): Pick<Source, 'pull'> {
  return {
    async pull(max) {
      if (max !== 1) return source.pull(max)
      const { deliveries, ...rest } = await source.pull(1_000)
      const chosen = choose(deliveries) ?? deliveries[0]
      const others = deliveries.filter(delivery => delivery !== chosen)
      await source.settle({ acks: [], others: others.map(({ token }) => ({ kind: 'release', token })) })
      return { ...rest, deliveries: chosen === undefined ? [] : [chosen] }
    },
  }
}

const lastOfALevel = (deliveries: readonly Delivery[]) =>
  deliveries.findLast(({ message }) => message.priority === deliveries[0]?.message.priority)
