import { bytes, type Message } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** Publishing: many at once, from handlers, with defaults. */
export const PUB_MORE = defineCases(
  {
    id: 'PUB-11',
    title: 'many publish at once',
    promise: 'Of what many publishers send at the same time nothing is lost, invented or sent twice.',
    profile: 'core',
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const brokers = [await it.open(), await it.open(), await it.open(), await it.open(), await it.open()]
      const seen = await it.collect(await it.open(), orders.subscription('billing'), undefined, { concurrency: 16 })
      const each = it.size(20)
      const flows = brokers.flatMap(broker => Array.from({ length: 10 }, () => broker))
      const sent = await Promise.all(
        flows.map(async (broker, flow) => {
          const ids: string[] = []
          for (let n = 0; n < each; n++) ids.push((await broker.publish(orders, { n: flow * each + n })).id)
          return ids
        }),
      )
      const count = flows.length * each
      await it.until(() => seen.acked.length >= count, {
        within: 3 * it.timing.arrive,
        what: `${count} messages of ${flows.length} publishers to be acked`,
      })
      equal([...seen.acked].sort(), sent.flat().sort(), 'the messages that came')
    },
  },
  {
    id: 'PUB-12',
    title: 'publishes that are not awaited keep their order',
    promise:
      'What one publisher sends without waiting, one by one and in batches, is handed out in the order of the calls.',
    profile: 'core',
    needs: 'fifo:exact',
    refusal: 'REF-fifo',
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const calls = it.size(250)
      const under: Promise<unknown>[] = []
      let n = 0
      for (let call = 0; call < calls; call++) {
        if (call % 5 === 0) under.push(broker.publishMany(orders, [{ data: { n: n++ } }, { data: { n: n++ } }]))
        else under.push(broker.publish(orders, { n: n++ }))
        // Some of them share a batch with others, some do not.
        if (it.random() < 0.1) await under.at(-1)
      }
      await Promise.all(under)
      await untilAcked(it, n, seen)
      equal(
        seen.numbers,
        Array.from({ length: n }, (_, index) => index),
        'the order of the runs',
      )
    },
  },
  {
    id: 'PUB-13',
    title: 'what the caller does to its data afterwards changes nothing',
    promise: 'publish() takes a copy before it returns: of bytes, of objects and of headers.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const blobs = it.topic({ codec: bytes })
      const orders = it.topic<{ list: number[] }>()
      const raw = await it.collect(broker, blobs.subscription('raw'))
      const values = await it.collect(broker, orders.subscription('values'))
      const payload = Buffer.from('before')
      const data = { list: [1, 2] }
      const headers: Record<string, string> = { a: 'before' }
      const under = [
        broker.publish(blobs, payload, { headers }),
        broker.publishMany(blobs, [{ data: payload }]),
        broker.publish(orders, data),
      ]
      payload.fill(0)
      data.list.push(3)
      headers.a = 'after'
      await Promise.all(under)
      await it.until(() => raw.acked.length === 2 && values.acked.length === 1, { what: 'three messages to be acked' })
      equal(
        raw.runs.map(({ message }) => Buffer.from(message.data as Uint8Array).toString()),
        ['before', 'before'],
        'the bytes that came',
      )
      equal({ ...raw.runs[0]?.message.headers }, { a: 'before' }, 'the headers that came')
      equal(values.runs[0]?.message.data, { list: [1, 2] }, 'the object that came')
    },
  },
  {
    id: 'PUB-20',
    title: 'a handler may publish to its own topic',
    promise: 'Publishing and waiting for it inside the only handler of a topic does not block that handler.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const most = 5
      const seen = await it.collect(
        await it.open(),
        orders.subscription('billing'),
        async ({ data }, context) => {
          if (data.n < most) await context.publish(orders, { n: data.n + 1 })
        },
        { concurrency: 1, prefetch: 0 },
      )
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === most, { what: `a chain of ${most} messages to be acked` })
      equal(seen.numbers, [1, 2, 3, 4, 5], 'the chain')
    },
  },
  {
    id: 'PUB-22',
    title: 'what is not said has a default',
    promise:
      'A message without options has no key, priority 0, no headers, version 1, and is the first of its own chain.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const { id } = await broker.publish(orders, { n: 1 })
      await untilAcked(it, 1, seen)
      const message = seen.runs[0]?.message
      check(message !== undefined, 'there was no run')
      const { key, priority, version, source, contentType, correlationId, causationId } = message
      equal(
        { key, priority, version, source, contentType, correlationId, causationId },
        {
          ...{ key: undefined, priority: 0, version: 1, source: 'pluribus', contentType: 'application/json' },
          ...{ correlationId: id, causationId: undefined },
        },
        'the defaults',
      )
      equal(Object.keys(message.headers), [], 'the headers')
    },
  },
  {
    id: 'PUB-23',
    title: 'the chain of causes reaches every handler',
    promise:
      'What a handler publishes has the message that it handles for its cause, and the first one for its correlation.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const topics = [it.topic(), it.topic(), it.topic()] as const
      const [first, second, third] = topics
      await it.collect(broker, first.subscription('one'), (_, context) =>
        context.publish(second, { n: 2 }).then(() => {}),
      )
      await it.collect(broker, second.subscription('two'), () => broker.publish(third, { n: 3 }).then(() => {}))
      const seen = await Promise.all(topics.map(topic => it.collect(broker, topic.subscription('seen'))))
      const [root] = await it.publish(first, 1)
      await it.until(() => seen.every(({ acked }) => acked.length === 1), { what: 'a chain of three messages' })
      const chain = seen.flatMap(({ runs }) => runs.map(({ message }): Message<unknown> => message))
      equal(
        chain.map(({ correlationId }) => correlationId),
        [root, root, root],
        'the correlation ids',
      )
      equal(
        chain.map(({ causationId }) => causationId),
        [undefined, root, chain[1]?.id],
        'the causation ids',
      )
    },
  },
)
