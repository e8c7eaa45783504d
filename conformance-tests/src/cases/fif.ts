import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { oneOf } from '../case/random.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { FIF_MORE } from './fif-more.js'

/** Order of publishing. */
export const FIF = defineCases(
  {
    id: 'FIF-01',
    title: 'one consumer gets a thousand messages in order',
    promise: 'A process begins the runs of a fifo subscription in the order of publishing.',
    profile: 'core',
    guarantees: [8],
    needs: { any: ['fifo:exact', 'fifo:windowed'] },
    refusal: 'REF-fifo',
    proves: ['fifo:exact', 'fifo:windowed'],
    async run(it) {
      const orders = it.topic()
      const count = it.size(1_000)
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await it.publish(orders, count)
      await untilAcked(it, count, seen)
      equal(seen.numbers, upTo(count), 'the order of the runs')
    },
  },
  {
    id: 'FIF-02',
    title: 'consumers that take turns share one order',
    promise: 'Where one message is out at a time, it is the next in the order of publishing, whoever asks for it.',
    profile: 'full',
    needs: ['fifo:exact', 'competing:message'],
    proves: ['fifo:exact', 'competing:message'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, it.size(100))
      const consumers = await Promise.all(upTo(3).map(() => it.consume(billing, { window: 1 })))
      const taken: string[] = []
      for (const _ of ids) {
        const consumer = oneOf(it, consumers)
        check(consumer !== undefined, 'there is no consumer')
        const delivery = await consumer.next()
        taken.push(delivery.message.id)
        equal(await consumer.ack(delivery), [], 'exceptions of an ack')
      }
      equal(taken, ids, 'the order over all consumers')
    },
  },
  {
    id: 'FIF-03',
    title: 'nothing begins while the one before runs',
    promise: 'With a concurrency of 1, the next message begins when the one before it has ended, and not earlier.',
    profile: 'core',
    needs: { any: ['fifo:exact', 'fifo:windowed'] },
    refusal: 'REF-fifo',
    async run(it) {
      const orders = it.topic()
      const gate = it.gate()
      const seen = await it.collect(await it.open(), orders.subscription('billing'), () => gate.pass(), {
        prefetch: 0,
      })
      await it.publish(orders, 5)
      await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
      await it.elapse(it.timing.quiet)
      equal(seen.numbers, [1], 'the runs that have begun while the first goes on')
      gate.open()
      await untilAcked(it, 5, seen)
      equal(seen.numbers, upTo(5), 'the order of the runs')
      equal(seen.mostRunning, 1, 'the most runs at once')
    },
  },
  {
    id: 'FIF-07',
    title: 'order within a batch, and from batch to batch',
    promise:
      'What stands earlier in a batch comes first, and so does what was published before; live and as a backlog.',
    profile: 'full',
    needs: 'fifo:exact',
    proves: ['fifo:exact'],
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const live = await it.collect(await it.open(), orders.subscription('live'))
      const publisher = await it.open()
      for (let n = 0; n < count; ) {
        const size = Math.min(count - n, Math.ceil(it.random() * 20))
        const items = upTo(size).map(() => ({ data: { n: ++n } }))
        if (size === 1) await publisher.publish(orders, { n })
        else await publisher.publishMany(orders, items)
      }
      const late = await it.collect(await it.open(), orders.subscription('late'))
      await untilAcked(it, 2 * count, live, late)
      equal(live.numbers, upTo(count), 'the order of what came as it was published')
      equal(late.numbers, upTo(count), 'the order of the backlog')
    },
  },
  {
    id: 'FIF-08',
    title: 'a suppressed duplicate shifts nothing',
    promise: 'A message that is published again keeps the place of its first publish, and its data.',
    profile: 'full',
    needs: ['fifo:exact', { any: ['deduplication:supplied', 'deduplication:all'] }],
    async run(it) {
      const orders = it.topic()
      const count = it.size(60)
      const publisher = await it.open()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const suppressed: boolean[] = []
      for (const n of upTo(count)) {
        await publisher.publish(orders, { n }, { id: `${orders.name}-${n}` })
        if (it.random() < 0.5) continue
        const again = Math.ceil(it.random() * n)
        const receipt = await publisher.publish(orders, { n: 0 }, { id: `${orders.name}-${again}` })
        suppressed.push(receipt.duplicate)
      }
      await untilAcked(it, count, seen)
      equal(seen.numbers, upTo(count), 'the order of the runs')
      equal(
        suppressed.filter(duplicate => !duplicate),
        [],
        'second publishes of an id whose receipt does not say so',
      )
    },
  },
  {
    id: 'FIF-11',
    title: 'two publishers keep the order of each',
    promise: 'What two processes publish at the same time is mixed in any way, and each keeps its own order.',
    profile: 'full',
    needs: 'fifo:exact',
    async run(it) {
      const orders = it.topic()
      const each = it.size(100)
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const publish = async (sign: 1 | -1) => {
        const publisher = await it.open()
        for (const n of upTo(each)) await publisher.publish(orders, { n: sign * n })
      }
      await Promise.all([publish(1), publish(-1)])
      await untilAcked(it, 2 * each, seen)
      const of = (sign: 1 | -1) => seen.numbers.filter(n => n * sign > 0).map(n => n * sign)
      equal(of(1), upTo(each), 'the order of the first publisher')
      equal(of(-1), upTo(each), 'the order of the second publisher')
    },
  },
  ...FIF_MORE,
)
