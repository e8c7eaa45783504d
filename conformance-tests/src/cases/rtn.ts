import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import type { Timing } from '../target/timing.js'

/** How long messages stay here after they were handled, in milliseconds. */
const ageOf = ({ delay }: Timing) => 2 * delay
/** By then whoever cleans up has had the time to. */
const past = (it: CaseContext) => it.elapse(3 * ageOf(it.timing) + it.timing.quiet)
const budget = (timing: Timing) => 4 * ageOf(timing) + timing.quiet

/** Retention. */
export const RTN = defineCases(
  {
    id: 'RTN-01',
    title: 'handled messages stay',
    promise:
      "Until its topic's retention ends a message that everybody has handled is in the history, and new subscriptions get it.",
    profile: 'full',
    guarantees: [12],
    needs: 'history:stored',
    proves: ['history:stored'],
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const ids = await it.publish(orders, 3)
      await untilAcked(it, 3, seen)
      const kept = await all(broker.history(orders))
      equal(
        kept.map(({ id }) => id),
        ids,
        'what the history has',
      )
      const late = await it.collect(broker, orders.subscription('shipping'))
      await it.until(() => late.acked.length === 3, { what: 'all three to be acked by a new subscription' })
    },
  },
  {
    id: 'RTN-02',
    title: 'handled messages stay for as long as their topic says',
    promise: "A message that everybody has handled is in the history until its topic's retention is over, not shorter.",
    profile: 'full',
    guarantees: [12],
    needs: 'history:stored',
    proves: ['history:stored'],
    budget,
    async run(it) {
      // How soon afterwards they go is the server's to say: it cleans up when it sees fit.
      const orders = it.topic({ retention: { age: 4 * ageOf(it.timing) + 2 * it.timing.arrive } })
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const ids = await it.publish(orders, 3)
      await untilAcked(it, 3, seen)
      await past(it)
      equal(
        (await all(broker.history(orders))).map(({ id }) => id),
        ids,
        'what the history has while their time is not over',
      )
    },
  },
  {
    id: 'RTN-03',
    title: 'what a subscription has not handled outlives the retention',
    promise:
      'Retention ends for what is handled: a subscription gets all that it has not handled, however late it comes.',
    profile: 'core',
    guarantees: [2, 12],
    needs: 'retention:keeps-pending',
    proves: ['retention:keeps-pending'],
    budget,
    async run(it) {
      const orders = it.topic({ retention: { age: ageOf(it.timing) } })
      const [billing, shipping] = [orders.subscription('billing'), orders.subscription('shipping')]
      const broker = await it.open()
      await broker.declare(billing, shipping)
      const ids = await it.publish(orders, 6)
      const half = await it.consume(billing)
      equal(await half.ack(...(await half.take(3))), [], 'exceptions of the acks')
      await half.close()
      await past(it)
      const [rest, everything] = [await it.collect(broker, billing), await it.collect(broker, shipping)]
      await it.until(() => rest.acked.length === 3 && everything.acked.length === 6, {
        what: 'three and six to be acked',
      })
      equal(rest.ids, ids.slice(3), 'what came to the subscription that had handled half')
      equal(everything.ids, ids, 'what came to the one that had handled nothing')
    },
  },
  {
    id: 'RTN-04',
    title: 'what a subscription has not handled outlives a retention by size',
    promise: 'However much is published, what a subscription has not handled is kept for it.',
    profile: 'full',
    guarantees: [2, 12],
    needs: 'retention:keeps-pending',
    proves: ['retention:keeps-pending'],
    budget,
    async run(it) {
      const orders = it.topic({ retention: { bytes: 256 } })
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await broker.declare(billing)
      const count = it.size(200)
      const ids = await it.publish(orders, count, () => ({ headers: { padding: 'x'.repeat(100) } }))
      await past(it)
      const seen = await it.collect(broker, billing)
      await untilAcked(it, count, seen)
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'RTN-05',
    title: 'dead letters outlive the retention',
    promise:
      'A dead letter keeps its message: it can be read and redriven when the retention of its topic is long over.',
    profile: 'full',
    guarantees: [6, 12, 15],
    needs: 'retention:keeps-pending',
    proves: ['retention:keeps-pending'],
    budget,
    async run(it) {
      const orders = it.topic({ retention: { age: ageOf(it.timing) } })
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const [id] = await it.publish(orders, 1, () => ({ headers: { kept: 'yes' } }))
      const consumer = await it.consume(billing)
      equal(await consumer.reject(await consumer.next()), [], 'exceptions of the reject')
      await consumer.close()
      await past(it)
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message }) => [message.id, message.data, { ...message.headers }]),
        [[id, { n: 1 }, { kept: 'yes' }]],
        'the dead letters',
      )
      equal((await broker.redrive(billing)).redriven, 1, 'how many were redriven')
      const seen = await it.collect(broker, billing)
      await it.until(() => seen.acked.length === 1, { what: 'what was redriven to be acked' })
    },
  },
)
