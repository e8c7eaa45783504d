import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { dateAt } from '../case/wall-clock.js'
import { RPL_MORE } from './rpl-more.js'

/** Late subscribers and replay. */
export const RPL = defineCases(
  {
    id: 'RPL-01',
    title: 'from the past into the present without a seam',
    promise:
      'A subscription that begins while messages flow gets all earlier ones and all later ones, each once, in order.',
    profile: 'full',
    needs: ['from:earliest', 'fifo:exact'],
    proves: ['from:earliest'],
    async run(it) {
      const orders = it.topic()
      const count = it.size(200)
      const publisher = await it.open()
      const half = it.gate()
      const publishing = (async () => {
        for (const n of upTo(count)) {
          if (n === Math.ceil(count / 2)) half.open()
          await publisher.publish(orders, { n })
        }
      })()
      await half.opened
      const seen = await it.collect(await it.open(), orders.subscription('late'))
      await publishing
      await untilAcked(it, count, seen)
      equal(seen.numbers, upTo(count), 'what came')
    },
  },
  {
    id: 'RPL-02',
    title: 'from a time on',
    promise: 'A subscription that starts at a time gets the messages published at it or later, and no earlier one.',
    profile: 'full',
    needs: 'from:time',
    refusal: 'REF-from-time',
    proves: ['from:time'],
    budget: ({ quiet }) => 2 * quiet,
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 5)
      await it.elapse(it.timing.quiet)
      const time = dateAt(it.clock.now())
      await it.elapse(it.timing.quiet)
      const ids = await it.publish(orders, 3)
      const seen = await it.collect(await it.open(), orders.subscription('billing', { from: { time } }))
      await untilAcked(it, 3, seen)
      await it.silence(seen)
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'RPL-03',
    title: 'from a message on',
    promise:
      'A subscription that starts at a message gets it and all later ones; a message that is not there is refused.',
    profile: 'full',
    needs: 'from:id',
    refusal: 'REF-from-id',
    proves: ['from:id'],
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, 6)
      const seen = await it.collect(await it.open(), orders.subscription('billing', { from: { id: ids[2] ?? '' } }))
      await untilAcked(it, 4, seen)
      await it.silence(seen)
      equal(seen.ids, ids.slice(2), 'what came')
      const broker = await it.open()
      const lost = orders.subscription('lost', { from: { id: `nowhere-${orders.name}` } })
      await it.rejects('NOT_FOUND', () => broker.subscribe(lost, () => undefined))
    },
  },
  {
    id: 'RPL-04',
    title: 'replaying for one changes nothing for another',
    promise: 'A subscription that begins at the beginning leaves the others where they are.',
    profile: 'full',
    needs: 'from:earliest',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const settled = await it.collect(broker, orders.subscription('settled'))
      await it.publish(orders, 10)
      await untilAcked(it, 10, settled)
      const replaying = await it.collect(broker, orders.subscription('replaying'))
      await untilAcked(it, 10, replaying)
      await it.silence(settled)
      await broker.publish(orders, { n: 11 })
      await untilAcked(it, 22, settled, replaying)
      equal([settled.numbers, replaying.numbers], [upTo(11), upTo(11)], 'what came to each')
    },
  },
  {
    id: 'RPL-05',
    title: 'whoever comes later sees all that came before',
    promise: 'Subscriptions that begin after one, two and three publishes all get the three.',
    profile: 'full',
    needs: 'from:earliest',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = []
      for (const n of upTo(3)) {
        await broker.publish(orders, { n })
        seen.push(await it.collect(broker, orders.subscription(`after-${n}`)))
      }
      await untilAcked(it, 9, ...seen)
      equal(
        seen.map(({ numbers }) => numbers),
        [upTo(3), upTo(3), upTo(3)],
        'what came to each',
      )
    },
  },
  {
    id: 'RPL-09',
    title: 'from the latest on',
    promise: 'A subscription that starts at the latest gets what is published once it is there, and nothing older.',
    profile: 'full',
    needs: 'from:latest',
    refusal: 'REF-from-latest',
    proves: ['from:latest'],
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 5)
      const seen = await it.collect(await it.open(), orders.subscription('billing', { from: 'latest' }))
      await it.silence(seen)
      const ids = await it.publish(orders, 3)
      await untilAcked(it, 3, seen)
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'RPL-10',
    title: 'where a subscription starts is decided once',
    promise: 'Opening a subscription again with another start changes nothing: it goes on where it was.',
    profile: 'full',
    needs: ['from:latest', 'from:earliest'],
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 3)
      const first = await it.open()
      const latest = await it.collect(first, orders.subscription('latest', { from: 'latest' }))
      const earliest = await it.collect(first, orders.subscription('earliest', { from: 'earliest' }))
      await it.publish(orders, 2)
      await untilAcked(it, 7, latest, earliest)
      await first.close()
      const second = await it.open()
      const again = [
        await it.collect(second, orders.subscription('latest', { from: 'earliest' })),
        await it.collect(second, orders.subscription('earliest', { from: 'latest' })),
      ]
      await second.publish(orders, { n: 3 })
      await untilAcked(it, 2, ...again)
      for (const seen of again) await it.silence(seen)
      equal(
        again.map(({ numbers }) => numbers),
        [[3], [3]],
        'what came to each when it was opened again',
      )
      if (it.capabilities.history === 'none') return
      equal((await all(second.history(orders))).length >= 6, true, 'whether all messages are still there')
    },
  },
  ...RPL_MORE,
)
