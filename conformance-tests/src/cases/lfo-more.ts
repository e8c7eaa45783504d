import { lifo } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { LATEST_FIRST, lostInOrder, restarted, waited, windowed } from '../case/order-trials.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { HOUR } from '../case/wall-clock.js'
import { whenDue } from '../case/when-due.js'

/** The latest first, through retries, lost leases and restarts. */
export const LFO_MORE = defineCases(
  {
    id: 'LFO-04',
    title: 'a retry has the place that it had',
    promise:
      'When a failed message is due again, it comes after what was published later, and before what was earlier.',
    profile: 'full',
    needs: 'lifo:exact',
    budget: timing => timing.delay + timing.redeliver,
    async run(it) {
      const orders = it.topic()
      const retry = { attempts: 2, delays: [it.timing.delay] }
      const billing = orders.subscription('billing', { discipline: lifo(), retry, timeout: patience(it) })
      const broker = await it.open()
      await it.publish(orders, 3)
      const gate = it.gate()
      const seen = await it.collect(broker, billing, ({ data }, { attempt }) => {
        if (data.n === 3 && attempt === 1) throw new Error('once')
        return data.n === 2 ? gate.pass() : undefined
      })
      await it.until(() => gate.arrived === 1, { what: 'the second run to begin' })
      await it.elapse(whenDue(it))
      await broker.publish(orders, { n: 4 })
      gate.open()
      await untilAcked(it, 4, seen)
      equal(seen.numbers, [3, 2, 4, 3, 1], 'the order of the runs')
      equal(seen.attempts, [1, 1, 1, 2, 1], 'their attempts')
    },
  },
  {
    id: 'LFO-05',
    title: 'what is lost with its consumer has the place that it had',
    promise: 'A message whose lease has ended comes after what was published later, and before what was earlier.',
    profile: 'full',
    needs: ['lifo:exact', 'competing:message'],
    budget: timing => timing.lease + timing.redeliver,
    async run(it) {
      equal(await lostInOrder(it, LATEST_FIRST), [0, 1, 0, 0], 'how often each had been lost')
    },
  },
  {
    id: 'LFO-06',
    title: 'the latest is the one published last, whatever ids and clocks say',
    promise: 'The order is that of the publishes: neither ids nor the wall clocks of publishers have a part in it.',
    profile: 'full',
    needs: 'lifo:exact',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      await (await it.open()).declare(billing)
      const ids = ['m', 'z', 'a', 'k']
      for (const [index, id] of ids.entries()) {
        const publisher = await it.open({ skew: (2 - index) * HOUR })
        await publisher.publish(orders, { n: index + 1 }, { id: `${id}-${orders.name}` })
        await publisher.close()
      }
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 4, seen)
      equal(seen.numbers, [4, 3, 2, 1], 'the order of the runs')
    },
  },
  {
    id: 'LFO-08',
    title: 'the order survives the broker',
    promise: 'When the broker has been killed and is back, what waits is there in the same order.',
    profile: 'full',
    needs: ['lifo:exact', { any: ['durability:disk', 'durability:replicated'] }],
    hooks: ['broker'],
    budget: ({ recover }) => 2 * recover,
    run: it => waited(it, LATEST_FIRST, () => restarted(it)),
  },
  {
    id: 'LFO-10',
    title: 'each subscription has an order of its own',
    promise: 'Of two subscriptions of one topic, the lifo one begins at the end and the fifo one at the beginning.',
    profile: 'full',
    needs: 'lifo:exact',
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 10)
      const broker = await it.open()
      const stack = await it.collect(broker, orders.subscription('stack', { discipline: lifo() }))
      const queue = await it.collect(broker, orders.subscription('queue'))
      await untilAcked(it, 20, stack, queue)
      equal(stack.numbers, upTo(10).toReversed(), 'the order of the lifo subscription')
      equal(queue.numbers, upTo(10), 'the order of the fifo subscription')
    },
  },
  {
    id: 'LFO-13',
    title: 'the order is there when nobody is',
    promise: 'When all processes have gone, the next one finds what waits in the same order.',
    profile: 'full',
    needs: 'lifo:exact',
    run: it => waited(it, LATEST_FIRST),
  },
  {
    id: 'LFO-12',
    title: 'windowed lifo is served from the end of its window',
    promise: 'A subscription that allows `windowed` is given the latest first of what has been handed to its process.',
    profile: 'full',
    needs: { any: ['lifo:exact', 'lifo:windowed'] },
    refusal: 'REF-lifo-windowed',
    proves: ['lifo:windowed'],
    budget: timing => timing.redeliver,
    run: it => windowed(it, { ...LATEST_FIRST, discipline: lifo({ atLeast: 'windowed' }) }),
  },
)
