import { isPluribusError, reject } from '@pluribus/core'
import { failOnce } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import type { Expression } from '../claims/expression.js'

const RECOGNISED: Expression = { any: ['deduplication:supplied', 'deduplication:all'] }

/** De-duplication by message id. */
export const DDP = defineCases(
  {
    id: 'DDP-01',
    title: 'an id that was published is a duplicate',
    promise: 'Publishing an id again within the window stores nothing, and the receipt says so.',
    profile: 'core',
    needs: RECOGNISED,
    proves: ['deduplication:supplied', 'deduplication:all'],
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const first = await broker.publish(orders, { n: 1 }, { id: 'a' })
      const again = await broker.publish(orders, { n: 1 }, { id: 'a' })
      equal([first.id, first.duplicate], ['a', false], 'the first receipt')
      equal([again.id, again.duplicate], ['a', true], 'the second receipt')
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      await it.silence(seen)
      equal(seen.ids, ['a'], 'what came')
    },
  },
  {
    id: 'DDP-02',
    title: 'after the window an id is new',
    promise: 'An id may be used again once the window is over: it is stored, and delivered.',
    profile: 'core',
    needs: RECOGNISED,
    budget: ({ recover }, { deduplication }) => recover + (deduplication === 'none' ? 0 : 2 * deduplication.window),
    async run(it) {
      const { deduplication } = it.capabilities
      if (deduplication === 'none') return
      const { window } = deduplication
      if (!it.isVirtual && window > it.timing.recover) {
        it.blocked(`the window of ${window} ms is too long to wait for: set up the target's adapter with a shorter one`)
      }
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      await broker.publish(orders, { n: 1 }, { id: 'a' })
      await it.elapse(window / 2)
      const within = await broker.publish(orders, { n: 2 }, { id: 'a' })
      equal(within.duplicate, true, 'whether it is a duplicate after half of the window')
      await it.elapse(window)
      const after = await broker.publish(orders, { n: 3 }, { id: 'a' })
      equal(after.duplicate, false, 'whether it is a duplicate after the window')
      await it.until(() => seen.acked.length === 2, { what: 'both messages of the id' })
      equal(seen.numbers, [1, 3], 'what came')
    },
  },
  {
    id: 'DDP-03',
    title: 'of a hundred at once, one is stored',
    promise: 'However many processes publish one id at the same time: it is stored once.',
    profile: 'core',
    needs: RECOGNISED,
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const orders = it.topic()
      const brokers = [await it.open(), await it.open(), await it.open(), await it.open()]
      const count = it.size(100)
      const receipts = await Promise.all(
        Array.from({ length: count }, (_, n) => {
          const broker = brokers[n % brokers.length] as (typeof brokers)[number]
          return broker.publish(orders, { n }, { id: 'contested' })
        }),
      )
      const stored = receipts.filter(({ duplicate }) => !duplicate)
      equal(stored.length, 1, `how many of ${count} publishes of one id are told that they were the first`)
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      await it.silence(seen)
      equal(seen.ids, ['contested'], 'what came')
    },
  },
  {
    id: 'DDP-04',
    title: 'topics have ids of their own',
    promise: 'The same id in two topics is two messages.',
    profile: 'full',
    needs: RECOGNISED,
    async run(it) {
      const broker = await it.open()
      const topics = [it.topic(), it.topic()]
      const seen = await Promise.all(topics.map(topic => it.collect(broker, topic.subscription('billing'))))
      for (const topic of topics) {
        const { duplicate } = await broker.publish(topic, { n: 1 }, { id: 'a' })
        equal(duplicate, false, `whether an id that only another topic has seen is a duplicate in ${topic.name}`)
      }
      await it.until(() => seen.every(({ acked }) => acked.length === 1), { what: 'a message in each topic' })
    },
  },
  {
    id: 'DDP-05',
    title: 'the first one wins',
    promise: 'A duplicate is recognised by its id alone: what was stored first stays as it was.',
    profile: 'full',
    needs: RECOGNISED,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      await broker.publish(orders, { n: 1 }, { id: 'a', headers: { try: 'first' } })
      const { duplicate } = await broker.publish(orders, { n: 2 }, { id: 'a', headers: { try: 'second' } })
      equal(duplicate, true, 'whether another payload under the same id is a duplicate')
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      await it.silence(seen)
      equal([seen.numbers, seen.runs[0]?.message.headers.try], [[1], 'first'], 'what came')
    },
  },
  {
    id: 'DDP-06',
    title: 'what has failed is not remembered',
    promise: 'After a publish has definitely failed, its id is as good as new.',
    profile: 'full',
    needs: RECOGNISED,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      adapter.failMessages(({ id }) => id === 'a', 'definite', { times: 1 })
      const error = await broker.publish(orders, { n: 1 }, { id: 'a' }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      check(isPluribusError(error) && error.outcome === 'definite', `the publish ended with ${String(error)}`)
      const { duplicate } = await broker.publish(orders, { n: 2 }, { id: 'a' })
      equal(duplicate, false, 'whether the id of a publish that failed is a duplicate')
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      equal(seen.numbers, [2], 'what came')
    },
  },
  {
    id: 'DDP-07',
    title: 'what is in doubt is sent again and stored once',
    promise:
      'Where the answer to a publish with an id is lost, it is sent again, succeeds, and is no duplicate to its caller.',
    profile: 'core',
    needs: RECOGNISED,
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.recover })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await broker.publish(orders, { n: 0 }, { id: 'before' })
      adapter.loseReplies('publish')
      const batches = adapter.publishedBatches
      const receipt = await broker.publish(orders, { n: 1 }, { id: 'a' })
      equal([receipt.id, receipt.duplicate], ['a', false], 'the receipt')
      equal(adapter.publishedBatches - batches, 2, 'how often it was sent')
      await it.until(() => seen.acked.includes('a'), { what: 'the message to be acked' })
      await it.silence(seen)
      equal(seen.ids, ['before', 'a'], 'what came')
    },
  },
  {
    id: 'DDP-08',
    title: 'the broker remembers ids when it was down',
    promise: 'An id is a duplicate after the broker was killed and started again, within its window.',
    profile: 'full',
    needs: [RECOGNISED, { any: ['durability:disk', 'durability:replicated'] }],
    hooks: ['broker'],
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const { deduplication } = it.capabilities
      if (deduplication === 'none' || deduplication.window < it.timing.recover) {
        it.blocked('the window is shorter than the broker may take to come back')
      }
      const orders = it.topic()
      const broker = await it.open({ publishTimeout: it.timing.recover, connectTimeout: it.timing.recover })
      await broker.publish(orders, { n: 1 }, { id: 'a' })
      await it.broker.kill()
      await it.broker.start()
      const { duplicate } = await broker.publish(orders, { n: 2 }, { id: 'a' })
      equal(duplicate, true, 'whether an id from before the outage is a duplicate')
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      await it.silence(seen)
      equal(seen.numbers, [1], 'what came')
    },
  },
  {
    id: 'DDP-09',
    title: 'a failed run is no duplicate',
    promise: 'A message with an id of its own that has failed comes again: de-duplication is about publishing.',
    profile: 'full',
    needs: RECOGNISED,
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { arrive, delay, redeliver } = it.timing
      const delays = [delay]
      const orders = it.topic()
      const broker = await it.open()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays } })
      const seen = await it.collect(broker, billing, failOnce())
      await broker.publish(orders, { n: 1 }, { id: 'a' })
      await it.until(() => seen.acked.length === 1, {
        within: arrive + delay + redeliver,
        what: 'a second run of a message with an id of its own',
      })
      equal(seen.attempts, [1, 2], 'the attempts')
    },
  },
  {
    id: 'DDP-10',
    title: 'a dead letter is brought back by redriving, not by publishing',
    promise: 'An id stays known when its message is dead: publishing it again is a duplicate; a redrive delivers it.',
    profile: 'full',
    needs: RECOGNISED,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      let isMended = false
      const seen = await it.collect(broker, billing, () => (isMended ? undefined : reject('BROKEN')))
      await broker.publish(orders, { n: 1 }, { id: 'a' })
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      const { duplicate } = await broker.publish(orders, { n: 2 }, { id: 'a' })
      equal(duplicate, true, 'whether the id of a dead letter is a duplicate')
      isMended = true
      await it.silence(seen)
      const { redriven } = await broker.redrive(billing, { ids: ['a'] })
      equal(redriven, 1, 'how many were redriven')
      await it.until(() => seen.acked.length === 1, { within: it.timing.redeliver, what: 'the redriven message' })
      equal(seen.numbers, [1, 1], 'what came')
    },
  },
  {
    id: 'DDP-12',
    title: 'ids are compared as they are',
    promise: 'Ids that differ only in case, in a space, in Unicode form or at their end are different ids.',
    profile: 'full',
    needs: RECOGNISED,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const long = 'x'.repeat(199)
      const ids = [
        ...['order-1', 'Order-1', 'order-1 ', ' order-1', 'order:1', 'order/1', 'order.1', 'order_1', 'order*1'],
        ...[
          '\u00e9',
          'e\u0301',
          '\u{1f600}',
          `${long}1`,
          `${long}2`,
          '0',
          '00',
          "'; --",
          '{"id":1}',
          '%00',
          '__proto__',
        ],
      ]
      const seen = await it.collect(broker, orders.subscription('billing'))
      for (const [n, id] of ids.entries()) {
        const first = await broker.publish(orders, { n }, { id })
        equal([first.id, first.duplicate], [id, false], `the receipt of the id ${JSON.stringify(id)}`)
      }
      for (const [n, id] of ids.entries()) {
        const { duplicate } = await broker.publish(orders, { n }, { id })
        equal(duplicate, true, `whether ${JSON.stringify(id)} is a duplicate the second time`)
      }
      await untilAcked(it, ids.length, seen)
      await it.silence(seen)
      equal([...seen.ids].sort(), [...ids].sort(), 'the ids that came')
    },
  },
  {
    id: 'DDP-13',
    title: 'without an id, the same data is two messages',
    promise: 'De-duplication is by id, never by content.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const first = await broker.publish(orders, { n: 1 })
      const second = await broker.publish(orders, { n: 1 })
      equal([first.duplicate, second.duplicate], [false, false], 'whether one of two equal messages is a duplicate')
      await it.until(() => seen.acked.length === 2, { what: 'both messages' })
    },
  },
)
