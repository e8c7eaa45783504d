import { priority } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { equal } from '../case/expect.js'
import { bottomComesLast, fetchesNothingAhead, mostUrgentFirst } from '../case/order-trials.js'
import { randomBelow } from '../case/random.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { PRI_DURABLE } from './pri-durable.js'
import { PRI_MORE } from './pri-more.js'

const EXACT = { needs: 'priority:exact', refusal: 'REF-priority', proves: ['priority:exact'] } as const

const levelsOf = ({ capabilities }: CaseContext): number => Math.min(10, capabilities.priorityLevels)

/** Priority. */
export const PRI = defineCases(
  {
    ...EXACT,
    id: 'PRI-01',
    title: 'a backlog is served by priority, and in order within one',
    promise:
      'Of what waits, the largest priority is handed out first; those of one priority in the order of publishing.',
    profile: 'core',
    guarantees: [9],
    async run(it) {
      const orders = it.topic()
      const levels = levelsOf(it)
      const count = it.size(60)
      const given = upTo(count).map(() => randomBelow(it, levels))
      const billing = orders.subscription('billing', { discipline: priority({ levels }) })
      await it.publish(orders, count, n => ({ priority: given[n - 1] }))
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, count, seen)
      const expected = given
        .map((level, index) => ({ level, n: index + 1 }))
        .sort((a, b) => b.level - a.level || a.n - b.n)
      equal(
        seen.numbers,
        expected.map(({ n }) => n),
        'the order of the runs',
      )
    },
  },
  {
    ...EXACT,
    id: 'PRI-02',
    title: 'one level is fifo, from batch to batch',
    promise:
      'Messages of one priority come in the order of publishing, however others of other priorities stand between.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const count = it.size(60)
      const billing = orders.subscription('billing', { discipline: priority({ levels: 2 }) })
      const publisher = await it.open()
      for (let n = 0; n < count; ) {
        const size = Math.min(count - n, Math.ceil(it.random() * 8))
        const items = upTo(size).map(() => ({ data: { n: ++n }, priority: 1 }))
        await publisher.publishMany(orders, items)
        await publisher.publish(orders, { n: 0 }, { priority: 0 })
      }
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length > count, { within: 3 * it.timing.arrive, what: 'all to be acked' })
      equal(seen.numbers.slice(0, count), upTo(count), 'the order of the runs of priority 1')
    },
  },
  {
    ...EXACT,
    id: 'PRI-03',
    title: 'no priority is priority 0',
    promise: 'A message without a priority stands among those of priority 0, and says so.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: priority({ levels: 2 }) })
      const given = [undefined, 0, 1, undefined, 0]
      await it.publish(orders, 5, n => ({ priority: given[n - 1] }))
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 5, seen)
      equal(seen.numbers, [3, 1, 2, 4, 5], 'the order of the runs')
      equal(
        seen.runs.map(({ message }) => message.priority),
        [1, 0, 0, 0, 0],
        'the priorities that handlers see',
      )
    },
  },
  {
    ...EXACT,
    id: 'PRI-04',
    title: 'larger is sooner',
    promise: 'The largest number goes first, on every adapter.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const levels = levelsOf(it)
      const billing = orders.subscription('billing', { discipline: priority({ levels }) })
      await it.publish(orders, levels, n => ({ priority: n - 1 }))
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, levels, seen)
      equal(seen.numbers, upTo(levels).toReversed(), 'the order of the runs, each numbered as its priority')
    },
  },
  {
    ...EXACT,
    id: 'PRI-06',
    title: 'what is more urgent is next, and interrupts nobody',
    promise: 'A run goes on when something more urgent arrives, which is begun as soon as there is a slot.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: priority({ levels: 2 }) })
      const broker = await it.open()
      await it.publish(orders, 2)
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass())
      await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
      await broker.publish(orders, { n: 3 }, { priority: 1 })
      await it.elapse(it.timing.quiet)
      equal(seen.numbers, [1], 'what has begun while the first run goes on')
      equal(seen.runs[0]?.context.signal.aborted, false, 'whether the first run was told to stop')
      gate.open()
      await untilAcked(it, 3, seen)
      equal(seen.numbers, [1, 3, 2], 'the order of the runs')
    },
  },
  {
    ...EXACT,
    id: 'PRI-07',
    title: 'nothing is fetched ahead of something more urgent',
    promise: 'Each free slot is given the most urgent of all that waits, whatever concurrency and prefetch say.',
    profile: 'full',
    run: it =>
      fetchesNothingAhead(
        it,
        mostUrgentFirst(2, n => (n > 10 ? 1 : 0)),
      ),
  },
  {
    ...EXACT,
    id: 'PRI-10',
    title: 'what is less urgent waits as long as it has to, and then comes',
    promise: 'Priority is strict: nothing ages. While more urgent ones keep coming the others wait, and no longer.',
    profile: 'full',
    run: it =>
      bottomComesLast(
        it,
        mostUrgentFirst(2, n => (n === 1 ? 0 : 1)),
      ),
  },
  ...PRI_MORE,
  ...PRI_DURABLE,
)
