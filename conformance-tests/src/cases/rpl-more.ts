import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** History and retention. */
export const RPL_MORE = defineCases(
  {
    id: 'RPL-11',
    title: 'history shows what was published, handled or not',
    promise: 'Handled messages stay readable, in order and as they were published; reading them changes nothing.',
    profile: 'full',
    needs: 'history:stored',
    refusal: 'REF-history',
    proves: ['history:stored'],
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const ids = await it.publish(orders, 10, n => ({ headers: { n: String(n) } }))
      const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })
      const seen = await it.collect(
        broker,
        billing,
        failAlways(({ data }) => data.n === 4),
      )
      await it.until(() => seen.acked.length === 9 && seen.dead.length === 1, { what: 'nine acked and one dead' })
      const found = await all(broker.history(orders))
      equal(
        found.map(({ id }) => id),
        ids,
        'the history',
      )
      equal(
        found.map(({ data, headers }) => [data, { ...headers }]),
        upTo(10).map(n => [{ n }, { n: String(n) }]),
        'data and headers in it',
      )
      await it.silence(seen)
    },
  },
  {
    id: 'RPL-12',
    title: 'history begins where it is told to',
    promise:
      'History begins at the time or the message that is given, ends where the topic does, and at `latest` is empty.',
    profile: 'full',
    needs: 'history:stored',
    refusal: 'REF-history',
    budget: ({ quiet }) => 2 * quiet,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const before = await it.publish(orders, 3)
      await it.elapse(it.timing.quiet)
      const time = it.clock.now()
      await it.elapse(it.timing.quiet)
      const after = await it.publish(orders, 3)
      const starts = [
        ['latest', 'latest', []],
        ['time', { time }, after],
        ['id', { id: before[1] ?? '' }, [...before.slice(1), ...after]],
      ] as const
      for (const [name, from, expected] of starts) {
        if (!it.capabilities.from.includes(name)) continue
        const found = await all(broker.history(orders, { from }))
        equal(
          found.map(({ id }) => id),
          expected,
          `the history from ${name}`,
        )
      }
    },
  },
  {
    id: 'RPL-13',
    title: 'what a subscription has not handled outlives the retention',
    promise: 'Messages older than the retention stay for as long as a subscription has not handled them.',
    profile: 'full',
    needs: 'retention:keeps-pending',
    proves: ['retention:keeps-pending'],
    budget: ({ delay, lease }) => 10 * delay + 4 * lease,
    async run(it) {
      const orders = it.topic({ retention: { age: it.timing.delay } })
      const broker = await it.open()
      const slow = orders.subscription('slow')
      await broker.declare(slow)
      const fast = await it.collect(broker, orders.subscription('fast'))
      await it.publish(orders, 10)
      await untilAcked(it, 10, fast)
      // Whatever cleans up has the time to.
      await it.elapse(10 * it.timing.delay + 4 * it.timing.lease)
      await it.publish(orders, 2)
      const late = await it.collect(await it.open(), slow)
      await untilAcked(it, 12, late)
      equal(late.numbers, [...upTo(10), 1, 2], 'what came to the subscription that had not been consumed')
    },
  },
)
