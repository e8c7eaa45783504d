import { defineCases } from '../case/case.js'
import { countsBecome } from '../case/counts-become.js'
import { equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { strikeNext } from '../case/strike.js'

/** Acknowledging: where the connection breaks, the process dies, or the consumer is closed. */
export const ACK_MORE = defineCases(
  {
    id: 'ACK-11',
    title: 'an ack that is lost with its link is made good',
    promise:
      'Where the link breaks under an ack, the message is acked in the end, whether the ack had arrived or not; it is no failed run.',
    profile: 'full',
    budget: ({ recover, lease }) => 4 * recover + 2 * lease,
    async run(it) {
      for (const strike of ['breaks-before', 'breaks-after'] as const) {
        const orders = it.topic()
        const billing = orders.subscription('billing')
        const [broker, adapter] = await it.openBreakable()
        let unconfirmed = 0
        broker.on('delivery.unconfirmed', () => unconfirmed++)
        const seen = await it.collect(broker, billing)
        await strikeNext(it, adapter, strike, { operation: 'settle', provoke: () => it.publish(orders, 1) })
        equal(unconfirmed, 1, `how often it was said that an ack is in doubt (${strike})`)
        // An ack that had arrived is never heard of again.
        if (strike === 'breaks-before') {
          const what = 'the message to be acked after the link was lost'
          await it.until(() => seen.acked.length === 1, { within: it.timing.lease + it.timing.recover, what })
        }
        await it.silence(seen)
        equal([...new Set(seen.attempts)], [1], `the attempts of its runs (${strike})`)
        await broker.close()
      }
    },
  },
  {
    id: 'ACK-12',
    title: 'a confirmed ack survives the death of its process',
    promise:
      'When an ack is confirmed it is stored: the process may die at that moment, and the message is not seen again.',
    profile: 'full',
    needs: 'settle:stored',
    proves: ['settle:stored'],
    budget: ({ recover, lease }) => lease + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [first, adapter] = await it.openBreakable()
      const gate = it.gate()
      await it.collect(first, billing, ({ data }) => (data.n === 1 ? undefined : gate.pass()))
      first.on('delivery.acked', () => adapter.kill())
      const ids = await it.publish(orders, 3)
      await it.until(() => adapter.killed, { what: 'the first message to be acked' })
      await adapter.dispose()
      const second = await it.collect(await it.open(), billing)
      const what = 'the messages that were not acked to come to another process'
      await it.until(() => second.acked.length >= 2, { within: it.timing.lease + it.timing.recover, what })
      await it.silence(second)
      equal(second.ids, ids.slice(1), 'what comes to another process after message 1 was acked')
      gate.open()
    },
  },
  {
    id: 'ACK-13',
    title: 'what runs when its consumer is closed may still be acked',
    promise: 'A handler that is running when its consumer is closed ends, and its ack counts; the rest is given back.',
    profile: 'full',
    budget: ({ close }) => close,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const first = await it.open()
      const gate = it.gate()
      const seen = await it.collect(first, billing, () => gate.pass())
      const ids = await it.publish(orders, 2)
      await it.until(() => gate.arrived === 1, { what: 'the first handler to begin' })
      const closing = seen.close()
      gate.open()
      await closing
      equal(seen.acked, ids.slice(0, 1), 'what was acked while the consumer closed')
      const second = await it.collect(await it.open(), billing)
      await it.until(() => second.acked.length === 1, { within: it.timing.redeliver, what: 'the second message' })
      await it.silence(second)
      equal(second.ids, ids.slice(1), 'what comes to another process')
    },
  },
  {
    id: 'ACK-14',
    title: 'after the last ack the subscription is empty',
    promise: 'Counts follow what happens to messages: from waiting to handed out to nothing.',
    profile: 'full',
    needs: 'counts:waiting',
    proves: ['counts:waiting', 'counts:leased'],
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await broker.declare(billing)
      await it.publish(orders, 3)
      await countsBecome(
        it,
        { broker, subscription: billing },
        { waiting: 3, leased: 0, retrying: 0, scheduled: 0, dead: 0 },
      )
      const consumer = await it.consume(billing, { window: 2 })
      const taken = await consumer.take(2)
      await countsBecome(
        it,
        { broker, subscription: billing },
        { waiting: 1, leased: 2, retrying: 0, scheduled: 0, dead: 0 },
      )
      await consumer.ack(...taken)
      await consumer.ack(await consumer.next())
      await countsBecome(
        it,
        { broker, subscription: billing },
        { waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 },
      )
    },
  },
)
