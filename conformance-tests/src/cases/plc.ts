import { lifo } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** Places: where a message stands that was delayed, retried or redriven. */
export const PLC = defineCases(
  {
    id: 'PLC-01',
    title: 'a delayed message gets its place when it is due',
    promise: 'What was published before it became due comes before it, what is published afterwards comes after it.',
    profile: 'core',
    guarantees: [8],
    needs: ['fifo:exact', { not: 'delay:none' }],
    refusal: 'REF-delay',
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { delay, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await broker.declare(billing)
      await broker.publish(orders, { n: 2 }, { delay })
      await broker.publish(orders, { n: 1 })
      await it.elapse(delay + it.capabilities.delayTick + redeliver)
      await broker.publish(orders, { n: 3 })
      const seen = await it.collect(broker, billing)
      await untilAcked(it, 3, seen)
      equal(seen.numbers, [1, 2, 3], 'the order of the runs')
    },
  },
  {
    id: 'PLC-02',
    title: 'what is redriven gets a new place at the tail',
    promise: 'A redriven message comes after what waits already.',
    profile: 'core',
    guarantees: [8],
    needs: 'fifo:exact',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [dead] = await it.publish(orders, 1)
      const first = await it.consume(billing)
      equal(await first.reject(await first.next()), [], 'exceptions of the reject')
      await first.close()
      const waiting = await it.publish(orders, 2)
      const broker = await it.open()
      equal((await broker.redrive(billing)).redriven, 1, 'how many were redriven')
      const seen = await it.collect(broker, billing)
      await untilAcked(it, 3, seen)
      equal(seen.ids, [...waiting, dead], 'the order of the runs')
    },
  },
  {
    id: 'PLC-03',
    title: 'what is redriven is the latest',
    promise: 'In a lifo subscription a redriven message comes before what was waiting when it was put back.',
    profile: 'full',
    guarantees: [8, 9],
    needs: 'lifo:exact',
    refusal: 'REF-lifo',
    proves: ['lifo:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      const [dead] = await it.publish(orders, 1)
      const first = await it.consume(billing)
      equal(await first.reject(await first.next()), [], 'exceptions of the reject')
      await first.close()
      const waiting = await it.publish(orders, 2)
      const broker = await it.open()
      equal((await broker.redrive(billing)).redriven, 1, 'how many were redriven')
      const later = await it.publish(orders, 1)
      const seen = await it.collect(broker, billing)
      await untilAcked(it, 4, seen)
      equal(seen.ids, [...later, dead, ...waiting.toReversed()], 'the order of the runs')
    },
  },
  {
    id: 'PLC-04',
    title: 'a retry keeps its place',
    promise: 'A message that failed is handed out again before those that were published after it and still wait.',
    profile: 'core',
    guarantees: [8],
    needs: 'fifo:exact',
    budget: ({ redeliver }) => 2 * redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4)
      const consumer = await it.consume(billing, { window: 2 })
      const [first, second] = await consumer.take(2)
      check(first !== undefined && second !== undefined, 'there are no two')
      equal(await consumer.retry(first), [], 'exceptions of the retry')
      equal(await consumer.ack(second), [], 'exceptions of the ack')
      await it.elapse(it.timing.redeliver)
      const rest = [await consumer.next(it.timing.redeliver), await consumer.next()]
      equal(
        rest.map(({ message, attempt }) => [message.id, attempt]),
        [
          [ids[0], 2],
          [ids[2], 1],
        ],
        'ids and attempts of what comes next',
      )
    },
  },
  {
    id: 'PLC-05',
    title: 'a delayed message closes its key only when it is due',
    promise: 'Messages of its key that are published while it is delayed do not wait for it.',
    profile: 'full',
    guarantees: [8],
    needs: [{ not: 'delay:none' }, { not: 'keys:none' }, 'fifo:exact'],
    refusal: 'REF-delay',
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { arrive, delay, redeliver } = it.timing
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const published = it.clock.monotonic()
      await broker.publish(orders, { n: 2 }, { key: 'one', delay })
      await broker.publish(orders, { n: 1 }, { key: 'one' })
      const within = arrive + delay + it.capabilities.delayTick + redeliver
      await it.until(() => seen.acked.length === 2, { within, what: 'both to be acked' })
      equal(seen.numbers, [1, 2], 'the order of the runs')
      const due = seen.runs[1]?.startedAt ?? 0
      check(due - published >= delay, `the delayed one came ${delay - (due - published)} ms too soon`)
    },
  },
  {
    id: 'PLC-06',
    title: 'what is redriven comes before what is published afterwards',
    promise: 'The place of a redriven message is that of the moment at which it was put back.',
    profile: 'full',
    guarantees: [8],
    // A broker that owns the order has another channel for what is redriven: what comes first of the two is not its own to say.
    needs: ['fifo:exact', 'fencing:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [dead] = await it.publish(orders, 1)
      const first = await it.consume(billing)
      equal(await first.reject(await first.next()), [], 'exceptions of the reject')
      await first.close()
      const broker = await it.open()
      equal((await broker.redrive(billing)).redriven, 1, 'how many were redriven')
      const later = await it.publish(orders, 2)
      const seen = await it.collect(broker, billing)
      await untilAcked(it, 3, seen)
      equal(seen.ids, [dead, ...later], 'the order of the runs')
    },
  },
)
