import { bytes, isPluribusError, topic as topicOf } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { between, check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

const ILLEGAL = [
  '',
  'x'.repeat(101),
  'a\u0000',
  'a\n',
  '*',
  'orders.*',
  '>',
  '#',
  '..',
  '.a',
  'a.',
  'a/b',
  'a_b',
  'A',
  'é',
  ' ',
]

/** Publishing: what arrives, and what is refused. */
export const PUB = defineCases(
  {
    id: 'PUB-01',
    title: 'a message arrives as it was published',
    promise: 'Data, id, key, priority, headers, time, source, version and content type reach the handler.',
    profile: 'core',
    async run(it) {
      const orders = it.topic<{ id: string; lines: readonly number[] }>({ version: 3 })
      const broker = await it.open({ source: 'checkout' })
      const seen = await it.collect(broker, orders.subscription('billing'))
      const data = { id: 'ä-1', lines: [1, 2.5] }
      const headers = { tenant: 'blue', 'x-Über': 'ünï ✓' }
      const rest = {
        ...(it.capabilities.keys === 'none' ? {} : { key: 'customer 7' }),
        ...(it.capabilities.priority === 'none' ? {} : { priority: 1 }),
      }
      const before = it.clock.now()
      const { id, duplicate } = await broker.publish(orders, data, { id: 'order-1', headers, ...rest })
      const after = it.clock.now()
      equal([id, duplicate], ['order-1', false], 'the receipt')
      await untilAcked(it, 1, seen)
      const message = seen.runs[0]?.message
      check(message !== undefined, 'there was no run')
      equal(message.data, data, 'the data')
      equal([message.id, message.topic], ['order-1', orders.name], 'id and topic')
      equal([message.key, message.priority], [rest.key, rest.priority ?? 0], 'key and priority')
      equal({ ...message.headers }, headers, 'the headers')
      equal([message.source, message.version], ['checkout', 3], 'source and version')
      equal(message.contentType, 'application/json', 'the content type')
      between(message.time.getTime(), before, after, 'when it was published, by the publisher')
    },
  },
  {
    id: 'PUB-02',
    title: 'ids are unique',
    promise: 'No two messages get the same id, whoever publishes them; an id that the caller gives is kept.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const brokers = [await it.open(), await it.open(), await it.open()]
      const each = it.size(500)
      const items = Array.from({ length: each }, (_, n) => ({ data: { n } }))
      const reports = await Promise.all(
        brokers.flatMap(broker => [broker.publishMany(orders, items), broker.publishMany(orders, items)]),
      )
      const ids = reports.flatMap(({ receipts }) => receipts.map(receipt => receipt?.id))
      equal(ids.length, 6 * each, 'receipts')
      equal(new Set(ids).size, ids.length, 'different ids')
      const { receipts } =
        (await brokers[0]?.publishMany(orders, [{ data: { n: 1 }, id: 'mine' }, { data: { n: 2 } }])) ?? {}
      equal(receipts?.[0]?.id, 'mine', 'the id of a message that was given one')
    },
  },
  {
    id: 'PUB-03',
    title: 'a receipt outlives the process that got it',
    promise: 'A process that ends at the moment at which it has its receipt has stored its message.',
    profile: 'core',
    needs: { not: 'durability:memory' },
    proves: ['durability:process'],
    hooks: ['children'],
    budget: ({ arrive, close }) => 4 * (arrive + close),
    async run(it) {
      const orders = it.topic()
      const [exits, dies] = [await it.child(), await it.child()]
      await exits.publish(orders, 1)
      await exits.exit()
      await dies.publish(orders, 1, { first: 2 })
      await dies.kill()
      const seen = await it.collect(await it.open(), orders.subscription('late'))
      await it.until(() => seen.acked.length === 2, { what: 'the messages of two processes that are over' })
      equal(seen.numbers, [1, 2], 'what came')
      equal(
        seen.ids,
        [...exits.receipts, ...dies.receipts].map(({ id }) => id),
        'their ids, by the receipts',
      )
    },
  },
  {
    id: 'PUB-04',
    title: 'a topic comes into being with its first message',
    promise: 'What is published to a topic that nobody has declared is stored, and a later subscription gets it.',
    profile: 'core',
    needs: 'from:earliest',
    proves: ['from:earliest'],
    async run(it) {
      const orders = it.topic()
      const publisher = await it.open()
      const { id } = await publisher.publish(orders, { n: 1 })
      await publisher.close()
      const seen = await it.collect(await it.open(), orders.subscription('late'))
      await it.until(() => seen.acked.length === 1, { what: 'the message from before the subscription' })
      equal(seen.acked, [id], 'what came')
    },
  },
  {
    id: 'PUB-05',
    title: 'what is published for nobody is not lost',
    promise: 'A topic that exists, without any subscription, stores what it is given: the receipt is no empty promise.',
    profile: 'full',
    needs: 'from:earliest',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      await broker.declare(orders)
      const first = await it.publish(orders, 3)
      const seen = await it.collect(broker, orders.subscription('first'))
      await it.until(() => seen.acked.length === 3, { what: 'three messages from before the first subscription' })
      await broker.remove(orders.subscription('first'))
      const { id } = await broker.publish(orders, { n: 4 })
      const late = await it.collect(await it.open(), orders.subscription('second'))
      await it.until(() => late.acked.includes(id), { what: 'what was published when there was no subscription left' })
      equal(late.ids, [...first, id], 'what came to a new subscription')
    },
  },
  {
    id: 'PUB-06',
    title: 'topics do not mix',
    promise: 'A subscription gets the messages of its own topic and no others.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const topics = [it.topic(), it.topic()]
      const seen = await Promise.all(topics.map(topic => it.collect(broker, topic.subscription('billing'))))
      const ids = await Promise.all(topics.map(topic => it.publish(topic, 10)))
      await it.until(() => seen.every(({ acked }) => acked.length >= 10), { what: 'ten messages of each topic' })
      for (const [index, collector] of seen.entries()) {
        equal(collector.ids, ids[index], `what came to the subscription of topic ${index + 1}`)
        await it.silence(collector)
      }
    },
  },
  {
    id: 'PUB-07',
    title: 'illegal names are refused',
    promise: 'A name that some broker could not hold is refused where it is written.',
    profile: 'full',
    async run(it) {
      const codeOf = (make: () => unknown) => {
        try {
          make()
        } catch (error) {
          return isPluribusError(error) ? error.code : String(error)
        }
        return 'accepted'
      }
      const orders = it.topic()
      for (const name of ILLEGAL) {
        equal(
          codeOf(() => topicOf(name)),
          'INVALID_ARGUMENT',
          `a topic called ${JSON.stringify(name)}`,
        )
        equal(
          codeOf(() => orders.subscription(name)),
          'INVALID_ARGUMENT',
          `a subscription called ${JSON.stringify(name)}`,
        )
      }
    },
  },
  {
    id: 'PUB-08',
    title: 'names that look alike are different',
    promise: 'Whatever an adapter makes of names: those of topics and subscriptions that differ never share messages.',
    profile: 'core',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const broker = await it.open()
      const base = it.topic().name
      const names = ['a.b', 'a-b', 'a--b', 'a-.b', 'ab', 'a.b.c', 'a.b-c', 'a-b.c', 'a.b.dead', 'a.b.retry', 'a.b.main']
      const pairs = names.flatMap(name => {
        const topic = it.topicCalled(`${base}.${name}`)
        return ['b', 'b-c', 'dead', 'retry', 'main'].map(subscription => ({ topic, subscription }))
      })
      const seen: Collector[] = []
      for (const { topic, subscription } of pairs) seen.push(await it.collect(broker, topic.subscription(subscription)))
      const ids = new Map<string, readonly string[]>()
      for (const { topic } of pairs) if (!ids.has(topic.name)) ids.set(topic.name, await it.publish(topic, 1))
      await it.until(() => seen.every(({ acked }) => acked.length >= 1), {
        within: 2 * it.timing.arrive,
        what: `a message in each of ${pairs.length} subscriptions`,
      })
      await it.elapse(it.timing.quiet)
      for (const [index, { ids: found }] of seen.entries()) {
        const { topic, subscription } = pairs[index] as (typeof pairs)[number]
        equal(found, ids.get(topic.name), `what came to ${subscription} of ${topic.name.slice(base.length + 1)}`)
      }
    },
  },
  {
    id: 'PUB-10',
    title: 'what cannot be sent is refused, what is empty is not',
    promise: 'Data that the codec would alter or drop is ENCODING; an empty payload arrives, and is not null.',
    profile: 'core',
    async run(it) {
      const anything = it.topic<unknown>()
      const blobs = it.topic({ codec: bytes })
      const broker = await it.open()
      for (const data of [undefined, () => 1, Symbol('s'), Number.NaN, 1n]) {
        const error = await it.rejects('ENCODING', () => broker.publish(anything, data))
        equal(error.outcome, 'definite', `the outcome of publishing ${String(data)}`)
      }
      await it.rejects('ENCODING', () => broker.publish(blobs, 'text' as never))
      const values = await it.collect(broker, anything.subscription('values'))
      const raw = await it.collect(broker, blobs.subscription('raw'))
      for (const data of [null, '', 0, false, [], {}]) await broker.publish(anything, data)
      await broker.publish(blobs, new Uint8Array(0))
      await it.until(() => values.acked.length === 6 && raw.acked.length === 1, { what: 'seven empty things' })
      equal(
        values.runs.map(({ message }) => message.data),
        [null, '', 0, false, [], {}],
        'the empty values that came',
      )
      const [empty] = raw.runs.map(({ message }) => message.data)
      check(ArrayBuffer.isView(empty) && empty.byteLength === 0, `the empty payload came as ${String(empty)}`)
    },
  },
)
