import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'

/** Acknowledging. */
export const ACK = defineCases(
  {
    id: 'ACK-01',
    title: 'what is acked does not come back',
    promise:
      'An acked message is not delivered again: not to a new consumer, not by another process, not after two leases.',
    profile: 'core',
    guarantees: [2],
    proves: ['settle:stored', 'settle:sent'],
    budget: ({ lease }) => 2 * lease,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const first = await it.open()
      const seen = await it.collect(first, billing)
      const ids = await it.publish(orders, 3)
      await it.until(() => seen.acked.length === 3, { what: 'three messages to be acked' })
      equal(seen.acked, ids, 'what was acked')
      await first.close()
      const again = await it.collect(await it.open(), billing)
      await it.elapse(2 * it.timing.lease)
      await it.silence(again)
    },
  },
  {
    id: 'ACK-06',
    title: 'acking one of three acks that one alone',
    promise:
      'An ack concerns one delivery: those before and after it stay unsettled, and come back when their consumer is gone.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [one, two, three] = await it.publish(orders, 3)
      const first = await it.consume(billing)
      const [, second] = await first.take(3)
      if (second === undefined) return
      equal(await first.ack(second), [], 'exceptions of an ack')
      await first.close()
      const rest = await (await it.consume(billing)).take(2, it.timing.redeliver)
      equal(
        rest.map(({ message }) => message.id),
        [one, three],
        `what comes back beside ${two}`,
      )
      equal(
        rest.map(({ attempt }) => attempt),
        [1, 1],
        'attempts of what was given back',
      )
    },
  },
)
