import { lifo } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { handedOutInOrder } from '../case/handed-out-in-order.js'
import { bottomComesLast, fetchesNothingAhead, LATEST_FIRST, publishedBySeveral } from '../case/order-trials.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { LFO_MORE } from './lfo-more.js'

const EXACT = { needs: 'lifo:exact', refusal: 'REF-lifo', proves: ['lifo:exact'] } as const

/** The latest first. */
export const LFO = defineCases(
  {
    ...EXACT,
    id: 'LFO-01',
    title: 'a backlog is served from its end',
    promise: 'Of what waits, a lifo subscription hands out the latest first.',
    profile: 'core',
    guarantees: [9],
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const billing = orders.subscription('billing', { discipline: lifo() })
      await it.publish(orders, count)
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, count, seen)
      equal(seen.numbers, upTo(count).toReversed(), 'the order of the runs')
    },
  },
  {
    ...EXACT,
    id: 'LFO-02',
    title: 'what arrives meanwhile is next',
    promise: 'A message that is published while another one runs is handed out before all that has waited longer.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      const broker = await it.open()
      await it.publish(orders, 3)
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass())
      await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
      await broker.publish(orders, { n: 4 })
      gate.open()
      await untilAcked(it, 4, seen)
      equal(seen.numbers, [3, 4, 2, 1], 'the order of the runs')
    },
  },
  {
    ...EXACT,
    id: 'LFO-03',
    title: 'nothing is fetched ahead',
    promise:
      'Each free slot is given the latest of all that waits at that moment, whatever concurrency and prefetch say.',
    profile: 'full',
    run: it => fetchesNothingAhead(it, LATEST_FIRST),
  },
  {
    ...EXACT,
    id: 'LFO-07',
    title: 'with several publishers, each pull takes the latest that was stored',
    promise: 'Nothing is handed out while a later one waits whose publish had begun after its own had ended.',
    profile: 'full',
    async run(it) {
      const { billing, seen } = await publishedBySeveral(it, LATEST_FIRST)
      check(
        seen.numbers.some((n, index) => n < (seen.numbers[index - 1] ?? 0)),
        'there was never a backlog, so that the order could not be seen',
      )
      handedOutInOrder(it, billing, (one, other) => one.invoked > other.resolved)
    },
  },
  {
    ...EXACT,
    id: 'LFO-09',
    title: 'the end of a batch is its latest',
    promise: 'Of a batch, the last message comes first; and a later batch comes before an earlier one.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      const publisher = await it.open()
      const sizes = [3, 1, 4]
      let n = 0
      for (const size of sizes)
        await publisher.publishMany(
          orders,
          upTo(size).map(() => ({ data: { n: ++n } })),
        )
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, n, seen)
      equal(seen.numbers, upTo(n).toReversed(), 'the order of the runs')
    },
  },
  {
    ...EXACT,
    id: 'LFO-11',
    title: 'what lies at the bottom comes when nothing is above it',
    promise: 'While later ones keep coming the first one waits; when they stop, it is run.',
    profile: 'full',
    run: it => bottomComesLast(it, LATEST_FIRST),
  },
  ...LFO_MORE,
)
