import { defineCases } from '../case/case.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { HOUR } from '../case/wall-clock.js'
import { whenDue } from '../case/when-due.js'

const DELAYED = { needs: { not: 'delay:none' }, refusal: 'REF-delay', profile: 'full' } as const

/** Longer than 2^31 milliseconds, which is what a timer can hold. */
const OVERFLOWING = ['25d', '50d', '365d'] as const

/** Delays while nobody is there, of many at once, and by clocks that are wrong. */
export const DLY_MORE = defineCases(
  {
    id: 'DLY-06',
    title: 'delays go on while the broker is away',
    promise:
      'What came due while the broker was down is run when it is back; what is due later is run then, not before.',
    profile: 'full',
    needs: [{ not: 'delay:none' }, { any: ['durability:disk', 'durability:replicated'] }],
    hooks: ['broker'],
    budget: ({ delay, arrive, redeliver, recover }) => 2 * (delay + arrive + redeliver + 2 * recover),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await broker.declare(billing)
      const long = whenDue(it) + 2 * timing.recover
      const asked = it.clock.monotonic()
      await broker.publish(orders, { n: 1 }, { delay: timing.delay })
      await broker.publish(orders, { n: 2 }, { delay: long })
      await it.broker.kill()
      await it.elapse(whenDue(it))
      await it.broker.start()
      const seen = await it.collect(broker, billing)
      const within = timing.recover + timing.arrive
      await it.until(() => seen.acked.length === 1, { within, what: 'the one that came due meanwhile to be acked' })
      await it.until(() => seen.acked.length === 2, { within: long + whenDue(it), what: 'both to be acked' })
      equal(seen.numbers, [1, 2], 'the order of the runs')
      const since = (seen.runs[1]?.startedAt ?? 0) - asked
      check(since >= long, `the second came after ${since} ms, and was delayed by ${long} ms`)
    },
  },
  {
    ...DELAYED,
    id: 'DLY-15',
    title: 'a delay goes on while nobody is there',
    promise:
      'When all processes go away before a message is due, one that comes back before that gets it when it is due.',
    budget: ({ delay, arrive }) => 2 * (delay + arrive),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const delay = it.timing.delay + it.timing.arrive
      const publisher = await it.open()
      await publisher.declare(billing)
      const asked = it.clock.monotonic()
      await publisher.publish(orders, { n: 1 }, { delay })
      const stored = it.clock.monotonic()
      await publisher.close()
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length === 1, { within: delay + whenDue(it), what: 'the message to be acked' })
      const began = seen.runs[0]?.startedAt ?? 0
      check(began >= asked + delay, `it came after ${began - asked} ms, and was delayed by ${delay} ms`)
      const late = began - (stored + delay + it.capabilities.delayTick + it.timing.redeliver)
      check(late <= 0, `it came ${late} ms too late`)
    },
  },
  {
    ...DELAYED,
    id: 'DLY-09',
    title: 'hundreds are due in one moment',
    promise: 'Messages that are due together all come, once, wherever in the stream they were published.',
    budget: ({ delay, arrive }) => 2 * (delay + arrive),
    async run(it) {
      const orders = it.topic()
      const count = it.size(400)
      const deliverAt = it.clock.now() + it.timing.delay + it.timing.arrive
      const seen = await it.collect(await it.open(), orders.subscription('billing'), undefined, { concurrency: 16 })
      const publisher = await it.open()
      const ids: string[] = []
      while (ids.length < count) {
        const size = Math.min(count - ids.length, Math.ceil((it.random() * count) / 4))
        const { receipts } = await publisher.publishMany(
          orders,
          upTo(size).map(n => ({ data: { n }, deliverAt })),
        )
        ids.push(...receipts.map(receipt => receipt?.id ?? ''))
      }
      check(seen.runs.length === 0 || it.clock.now() >= deliverAt, 'some came before they were due')
      const within = 2 * (it.timing.delay + it.timing.arrive) + it.capabilities.delayTick
      await it.until(() => seen.acked.length === count, { within, what: `${count} messages to be acked` })
      sameMembers([...seen.acked].sort(), [...ids].sort(), 'what came')
    },
  },
  {
    ...DELAYED,
    id: 'DLY-10',
    title: 'a delay longer than a timer can hold does not end at once',
    promise: 'Delays above 2^31 milliseconds are delays: nothing comes while they last.',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing)
      for (const delay of OVERFLOWING) await broker.publish(orders, { n: 1 }, { delay })
      await it.silence(seen)
      if (!it.capabilities.counts.includes('scheduled')) return
      equal((await broker.counts(billing)).scheduled, OVERFLOWING.length, 'the messages that are scheduled')
    },
  },
  {
    ...DELAYED,
    id: 'DLY-11',
    title: 'who comes after a message was due gets it at once',
    promise: 'A message that became due while nobody was connected is run as soon as somebody is.',
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const publisher = await it.open()
      await publisher.declare(billing)
      await publisher.publish(orders, { n: 1 }, { delay: it.timing.delay })
      await publisher.close()
      await it.elapse(whenDue(it))
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 1, seen)
      await it.silence(seen)
    },
  },
  {
    ...DELAYED,
    id: 'DLY-12',
    title: 'a delay is a length of time, whatever the clocks say',
    promise: 'A publisher and a consumer whose wall clocks are an hour off keep each delay as it was meant.',
    budget: ({ delay, arrive }) => 2 * (delay + arrive),
    async run(it) {
      const orders = it.topic()
      const consumer = await it.open({ skew: -HOUR })
      const begun = new Map<number, number>()
      await consumer.subscribe(orders.subscription('billing'), ({ data }) => {
        begun.set(data.n, it.clock.monotonic())
      })
      const asked: number[] = []
      for (const [index, skew] of [HOUR, -HOUR, 0].entries()) {
        const publisher = await it.open({ skew })
        asked.push(it.clock.monotonic())
        await publisher.publish(orders, { n: index }, { delay: it.timing.delay })
        await publisher.close()
      }
      const within = whenDue(it) + it.timing.arrive
      await it.until(() => begun.size === 3, { within, what: 'three delayed messages to run' })
      for (const [index, time] of asked.entries()) {
        const since = (begun.get(index) ?? 0) - time
        check(
          since >= it.timing.delay,
          `publisher ${index}: delayed by ${it.timing.delay} ms, it came after ${since} ms`,
        )
      }
    },
  },
  {
    id: 'DLY-13',
    title: 'a duplicate of a delayed message is suppressed',
    promise: 'While a message is delayed, publishing its id again changes nothing: neither what comes nor when.',
    profile: 'full',
    needs: [{ not: 'delay:none' }, { any: ['deduplication:supplied', 'deduplication:all'] }],
    budget: ({ delay, arrive }) => delay + arrive,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const publisher = await it.open()
      const id = `twice-${orders.name}`
      const asked = it.clock.monotonic()
      await publisher.publish(orders, { n: 1 }, { id, delay: it.timing.delay })
      const again = await publisher.publish(orders, { n: 2 }, { id })
      equal(again.duplicate, true, 'whether the second receipt says that it is a duplicate')
      const within = whenDue(it) + it.timing.arrive
      await it.until(() => seen.acked.length === 1, { within, what: 'the message to be acked' })
      await it.silence(seen)
      equal(seen.numbers, [1], 'what came')
      const since = (seen.runs[0]?.startedAt ?? 0) - asked
      check(since >= it.timing.delay, `it came after ${since} ms, and was delayed by ${it.timing.delay} ms`)
    },
  },
  {
    ...DELAYED,
    id: 'DLY-14',
    title: 'every subscription gets a delayed message, once it is due',
    promise:
      'Subscriptions get a delayed message when it is due: those that were there, and one that was made meanwhile.',
    budget: ({ delay, arrive }) => 2 * (delay + arrive),
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const delay = it.timing.delay + it.timing.arrive
      const early = await it.collect(broker, orders.subscription('early'))
      const asked = it.clock.monotonic()
      await broker.publish(orders, { n: 1 }, { delay })
      const meanwhile = await it.collect(broker, orders.subscription('meanwhile'))
      const within = delay + whenDue(it)
      for (const seen of [early, meanwhile]) {
        await it.until(() => seen.acked.length === 1, { within, what: `${seen.subscription.name} to ack it` })
        const since = (seen.runs[0]?.startedAt ?? 0) - asked
        check(since >= delay, `${seen.subscription.name}: delayed by ${delay} ms, it came after ${since} ms`)
      }
    },
  },
  {
    id: 'DLY-16',
    title: 'what waits for its retry is seen as retrying',
    promise: 'A failed message counts as retrying until its delay is over, and as waiting from then on.',
    profile: 'full',
    needs: ['competing:message', 'counts:retrying', 'counts:waiting'],
    proves: ['counts:retrying'],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await it.publish(orders, 3)
      const consumer = await it.consume(billing)
      equal(await consumer.retry(await consumer.next(), it.timing.delay), [], 'exceptions of a retry')
      const before = await broker.counts(billing)
      equal([before.waiting, before.retrying], [2, 1], 'waiting and retrying before it is due')
      await it.elapse(whenDue(it))
      const after = await broker.counts(billing)
      equal([after.waiting, after.retrying], [3, 0], 'waiting and retrying when it is due')
    },
  },
)
