import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'

/** Leases. A source without `renew` has none: what it holds is its own until it ends. */
export const LSE = defineCases(
  {
    id: 'LSE-01',
    title: 'what is neither settled nor renewed comes back when its lease is over',
    promise: 'A delivery whose lease has ended is handed out again: not earlier, and soon after.',
    profile: 'core',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => 2 * (lease + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const holder = await it.consume(billing)
      if (holder.source.renew === undefined) it.blocked('the source has no leases')
      const [id] = await it.publish(orders, 1)
      const asked = it.clock.monotonic()
      await holder.next()
      const held = it.clock.monotonic()
      const other = await it.consume(billing)
      const again = await other.next(timing.lease + timing.redeliver)
      const now = it.clock.monotonic()
      equal(again.message.id, id, 'what came back')
      check(
        now >= asked + timing.lease,
        `it came back ${now - asked} ms after it was taken, before its lease of ${timing.lease} ms was over`,
      )
      between(now - held, 0, timing.lease + timing.redeliver, 'milliseconds until it came back')
      equal(await other.ack(again), [], 'exceptions of the ack')
    },
  },
  {
    id: 'LSE-03',
    title: 'a late ack changes nothing and is told',
    promise:
      "An ack after the lease's end is reported as stale; the delivery that has taken over is untouched, and can be acked.",
    profile: 'core',
    guarantees: [11],
    needs: 'fencing:exact',
    proves: ['fencing:exact'],
    budget: ({ lease, redeliver }) => 3 * (lease + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const late = await it.consume(billing)
      const old = await late.next()
      const other = await it.consume(billing)
      const held = await other.next(timing.lease + timing.redeliver)
      const exceptions = await late.ack(old)
      equal(
        exceptions.map(({ kind }) => kind),
        ['stale'],
        'what the late ack is told',
      )
      equal(await other.renew(held), [], 'what is lost to the new holder after the late ack')
      const third = await it.consume(billing)
      equal(await third.pull(), [], 'what a third consumer is given while the new holder has it')
      equal(await other.ack(held), [], 'exceptions of the ack of the new holder')
    },
  },
  {
    id: 'LSE-17',
    title: 'the next generation of a consumer takes over what the last one held',
    promise:
      'When a process opens a consumer again after its connection has broken, what the last source held comes to the new one first, uncounted, and to nobody else in between; an ack of the old source is stale.',
    profile: 'core',
    needs: ['competing:message', 'fencing:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4)
      const broken = await it.connect()
      const first = await it.consume(billing, { connection: broken, consumer: { id: 1, generation: 1 } })
      if (first.source.renew === undefined) it.blocked('the source has no leases')
      const [held] = await first.take(2)
      const other = await it.consume(billing)
      const connection = await it.connect({ like: broken })
      const second = await it.consume(billing, { connection, consumer: { id: 1, generation: 2 } })
      equal(second.transferred, 2, 'how many came over')
      equal(
        (await other.take(2)).map(({ message }) => message.id),
        ids.slice(2),
        'what another process is given meanwhile',
      )
      const over = await second.take(2)
      equal(
        over.map(({ message, attempt, losses }) => [message.id, attempt, losses]),
        [
          [ids[0], 1, 0],
          [ids[1], 1, 0],
        ],
        'what came over',
      )
      // Of a source that has ended by itself nothing more may be asked.
      if (held !== undefined && first.ended.length === 0) {
        const exceptions = await first.ack(held)
        equal(
          exceptions.map(({ kind }) => kind),
          ['stale'],
          'what an ack of the old source is told',
        )
      }
      equal(await second.ack(...over), [], 'exceptions of the acks of the new source')
    },
  },
)
