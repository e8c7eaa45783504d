import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { GRP_MORE } from './grp-more.js'

/** Consumers of one subscription compete; subscriptions do not. */
export const GRP = defineCases(
  {
    id: 'GRP-01',
    title: 'two subscriptions each get everything',
    promise: 'Every subscription of a topic gets every message, and each in order.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const count = it.size(50)
      const billing = await it.collect(broker, orders.subscription('billing'))
      const shipping = await it.collect(await it.open(), orders.subscription('shipping'))
      await it.publish(orders, count)
      await untilAcked(it, 2 * count, billing, shipping)
      equal(billing.numbers, upTo(count), 'what the first subscription got')
      equal(shipping.numbers, upTo(count), 'what the second subscription got')
    },
  },
  {
    id: 'GRP-02',
    title: 'five processes share a subscription',
    promise: 'Consumers of one subscription get each message once between them: all of them, and none twice.',
    profile: 'core',
    proves: ['competing:message', 'competing:partition'],
    async run(it) {
      const orders = it.topic({ partitions: 5 })
      const billing = orders.subscription('billing')
      const count = it.size(200)
      const pause = () => it.elapse(it.random() * (it.timing.delay / 50))
      const seen = await Promise.all(
        upTo(5).map(async () => it.collect(await it.open(), billing, pause, { prefetch: 4 })),
      )
      const ids = await it.publish(orders, count)
      await untilAcked(it, count, ...seen)
      sameMembers(
        seen.flatMap(collector => collector.ids),
        ids,
        'what the five got between them',
      )
      const sharers = seen.filter(({ runs }) => runs.length > 0).length
      check(sharers > 1, `${sharers} of five processes got everything`)
    },
  },
  {
    id: 'GRP-03',
    title: 'equal consumers get equal shares',
    promise: 'Of consumers that are equally fast, and fetch nothing ahead, none gets less than half its share.',
    profile: 'full',
    needs: 'competing:message',
    proves: ['competing:message'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(80)
      const work = () => it.elapse(it.timing.delay / 20)
      await it.publish(orders, count)
      const seen = await Promise.all(
        upTo(4).map(async () => it.collect(await it.open(), billing, work, { prefetch: 0 })),
      )
      await untilAcked(it, count, ...seen)
      const shares = seen.map(({ runs }) => runs.length)
      check(Math.min(...shares) >= count / 8, `of ${count} messages the four consumers got ${shares.join(', ')}`)
    },
  },
  {
    id: 'GRP-04',
    title: 'a stuck consumer holds up nobody else',
    promise: 'While one consumer is stuck in a message, the others handle all the rest.',
    profile: 'core',
    needs: 'competing:message',
    proves: ['competing:message'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const gate = it.gate()
      const stuck = await it.collect(await it.open(), billing, () => gate.pass(), { prefetch: 0 })
      await it.publish(orders, 1)
      await it.until(() => gate.arrived === 1, { what: 'the first consumer to be stuck' })
      const other = await it.collect(await it.open(), billing)
      await it.publish(orders, 30)
      await untilAcked(it, 30, other)
      equal(stuck.runs.length, 1, 'the runs of the stuck consumer')
      gate.open()
      await untilAcked(it, 1, stuck)
    },
  },
  {
    id: 'GRP-06',
    title: 'a declared subscription keeps messages while it has no consumer',
    promise: 'From its declaration on, a subscription keeps what is published, whether anybody consumes or not.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const from = it.capabilities.from.includes('latest') ? 'latest' : 'earliest'
      const billing = orders.subscription('billing', { from })
      const operator = await it.open()
      await operator.declare(billing)
      await operator.close()
      await it.publish(orders, 10)
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 10, seen)
      equal(seen.numbers, upTo(10), 'what came')
    },
  },
  {
    id: 'GRP-07',
    title: 'a new subscription starts at the earliest message',
    promise: 'A subscription that says nothing else gets what was published before it was made.',
    profile: 'full',
    needs: 'from:earliest',
    proves: ['from:earliest'],
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 10)
      const first = await it.collect(await it.open(), orders.subscription('first'))
      await untilAcked(it, 10, first)
      const second = await it.collect(await it.open(), orders.subscription('second'))
      await untilAcked(it, 10, second)
      equal([first.numbers, second.numbers], [upTo(10), upTo(10)], 'what the two subscriptions got')
    },
  },
  {
    id: 'GRP-08',
    title: 'removing a subscription takes all of it and nothing else',
    promise: 'What is removed is gone with its messages and dead letters; others go on; the same name is a new one.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })
      const shipping = orders.subscription('shipping')
      const broker = await it.open()
      await broker.declare(shipping)
      const failing = await it.collect(
        broker,
        billing,
        failAlways(({ data }) => data.n === 1),
      )
      await it.publish(orders, 3)
      await it.until(() => failing.dead.length === 1 && failing.acked.length === 2, { what: 'one dead and two acked' })
      await failing.close()
      await broker.remove(billing)
      const connection = await it.connect()
      const names = (await connection.persistence.subscriptions(orders.name)).map(({ name }) => name)
      equal(names, ['shipping'], 'the subscriptions that are left')
      const other = await it.collect(broker, shipping)
      await untilAcked(it, 3, other)
      await broker.declare(billing)
      equal(await all(broker.deadLetters(billing)), [], 'the dead letters of the new subscription of that name')
      const again = await it.collect(await it.open(), billing)
      await untilAcked(it, 3, again)
      equal(again.attempts, [1, 1, 1], 'the attempts in the new subscription of that name')
    },
  },
  ...GRP_MORE,
)
