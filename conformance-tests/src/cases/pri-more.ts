import { priority } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { handedOutInOrder } from '../case/handed-out-in-order.js'
import { mostUrgentFirst, publishedBySeveral, windowed } from '../case/order-trials.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** What is no priority. */
const ILLEGAL: readonly unknown[] = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, true]

/** The most levels that there can be. */
const MOST_LEVELS = 256

/** Levels: which there are, and how they combine with the rest. */
export const PRI_MORE = defineCases(
  {
    id: 'PRI-05',
    title: 'levels are taken as they are, or refused',
    promise: 'Priorities from 0 to the number of levels, exclusive, are kept as they are; anything else is refused.',
    profile: 'full',
    needs: { not: 'priority:none' },
    refusal: 'REF-priority-windowed',
    proves: ['priorityLevels'],
    async run(it) {
      const orders = it.topic()
      const { priorityLevels } = it.capabilities
      const broker = await it.open()
      for (const illegal of ILLEGAL) {
        const options = { priority: illegal } as object
        await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 0 }, options))
      }
      const tooHigh = { priority: priorityLevels }
      if (priorityLevels < MOST_LEVELS) {
        await it.refuses('priorityLevels', other => other.publish(orders, { n: 0 }, tooHigh))
      } else await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 0 }, tooHigh))
      const discipline = priority({ levels: Math.min(priorityLevels, MOST_LEVELS), atLeast: 'windowed' })
      const seen = await it.collect(broker, orders.subscription('billing', { discipline }))
      const legal = [0, Math.floor(priorityLevels / 2), priorityLevels - 1]
      for (const [index, level] of legal.entries()) await broker.publish(orders, { n: index }, { priority: level })
      await untilAcked(it, 3, seen)
      const found = new Map(seen.runs.map(({ message }) => [(message.data as { n: number }).n, message.priority]))
      equal(
        legal.map((_, index) => found.get(index)),
        legal,
        'the priorities that handlers see',
      )
    },
  },
  {
    id: 'PRI-12',
    title: 'over priority, the key wins',
    promise: 'Messages of one key come in the order of publishing, however urgent the later ones are.',
    profile: 'full',
    needs: ['priority:exact', 'keys:key'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: priority({ levels: 3 }) })
      const given = [{ key: 'k', priority: 0 }, { key: 'k', priority: 2 }, { priority: 1 }]
      await it.publish(orders, 3, n => given[n - 1] ?? {})
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 3, seen)
      equal(seen.numbers, [3, 1, 2], 'the order of the runs: the first of the key is the least urgent')
    },
  },
  {
    id: 'PRI-16',
    title: 'windowed priority orders its window',
    promise:
      'A subscription that allows `windowed` is given the most urgent first of what its process has been handed.',
    profile: 'full',
    needs: { not: 'priority:none' },
    refusal: 'REF-priority-windowed',
    proves: ['priority:windowed'],
    budget: timing => timing.redeliver,
    run: it => {
      const discipline = priority({ levels: 2, atLeast: 'windowed' })
      return windowed(it, { ...mostUrgentFirst(2, n => n % 2), discipline })
    },
  },
  {
    id: 'PRI-18',
    title: 'each subscription has levels of its own',
    promise: 'A priority above the highest level of a subscription counts as that level there, and in full elsewhere.',
    profile: 'full',
    needs: 'priority:exact',
    async run(it) {
      const orders = it.topic()
      const levels = Math.min(3, it.capabilities.priorityLevels)
      const top = levels - 1
      await it.publish(orders, 4, n => ({ priority: [0, 1, top, 1][n - 1] }))
      const broker = await it.open()
      const seen = await Promise.all(
        [2, levels].map(count =>
          it.collect(broker, orders.subscription(`levels-${count}`, { discipline: priority({ levels: count }) })),
        ),
      )
      const plain = await it.collect(broker, orders.subscription('plain'))
      await untilAcked(it, 12, ...seen, plain)
      equal(seen[0]?.numbers, [2, 3, 4, 1], 'the order with two levels')
      equal(seen[1]?.numbers, top > 1 ? [3, 2, 4, 1] : [2, 3, 4, 1], `the order with ${levels} levels`)
      equal(plain.numbers, upTo(4), 'the order of a fifo subscription')
      equal(
        plain.runs.map(({ message }) => message.priority),
        [0, 1, top, 1],
        'the priorities that handlers see',
      )
    },
  },
  {
    id: 'PRI-19',
    title: 'with several publishers, each pull takes the most urgent that was stored',
    promise:
      'Nothing is handed out while something more urgent waits, or something as urgent that was published before.',
    profile: 'full',
    needs: 'priority:exact',
    proves: ['priority:exact'],
    async run(it) {
      const options = () => ({ priority: it.random() < 0.5 ? 1 : 0 })
      const { billing } = await publishedBySeveral(it, { discipline: priority({ levels: 2 }), options })
      handedOutInOrder(it, billing, (one, other) =>
        one.priority === other.priority ? one.resolved < other.invoked : one.priority > other.priority,
      )
    },
  },
)
