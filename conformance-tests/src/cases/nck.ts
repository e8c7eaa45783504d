import { reject } from '@pluribus/core'
import { all } from '../case/all.js'
import { failOnce } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { equal, sameMembers } from '../case/expect.js'
import { fullOptions } from '../case/full-options.js'

/** Retrying, rejecting, releasing. */
export const NCK = defineCases(
  {
    id: 'NCK-01',
    title: 'what fails is tried again',
    promise: 'A message whose handler throws is handed out again, as attempt 2, and can be acked then.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [] } })
      const seen = await it.collect(await it.open(), billing, failOnce())
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: 'the message to be acked after it had failed once' })
      await it.silence(seen)
      equal(
        seen.runs.map(({ message, attempt }) => [message.id, attempt]),
        [
          [ids[0], 1],
          [ids[0], 2],
        ],
        'the runs',
      )
    },
  },
  {
    id: 'NCK-02',
    title: 'two of a hundred fail once',
    promise:
      'A failed run is tried again, and nothing else is: all are acked in the end, the failed ones on attempt 2.',
    profile: 'core',
    budget: ({ redeliver, delay }) => redeliver + delay,
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const fails = (n: number) => n === 3 || n === count
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [it.timing.delay] } })
      const seen = await it.collect(
        await it.open(),
        billing,
        failOnce(message => fails(message.data.n)),
      )
      const ids = await it.publish(orders, count)
      const within = it.timing.arrive + it.timing.delay + it.timing.redeliver
      await it.until(() => seen.acked.length === count, { within, what: `${count} messages to be acked` })
      sameMembers(seen.acked, ids, 'what was acked')
      const again = seen.runs.filter(({ attempt }) => attempt > 1).map(({ message }) => message.data as { n: number })
      sameMembers(
        again.map(({ n }) => n),
        [3, count],
        'what was tried again',
      )
    },
  },
  {
    id: 'NCK-03',
    title: 'a retry is the same message',
    promise:
      'What comes again is what was published: id, key, priority, headers, time, source and chain, byte for byte.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [] } })
      const seen = await it.collect(await it.open(), billing, failOnce())
      const publisher = await it.open({ source: 'conformance' })
      const options = fullOptions(it)
      const { id } = await publisher.publish(orders, { n: 1 }, options)
      await it.until(() => seen.acked.length === 1, { what: 'the message to be acked after it had failed once' })
      const envelopes = seen.runs.map(({ message }) => ({
        ...{ id: message.id, key: message.key, priority: message.priority, headers: { ...message.headers } },
        ...{ source: message.source, correlationId: message.correlationId, causationId: message.causationId },
        ...{ time: message.time.getTime(), data: message.data },
      }))
      const published = { key: undefined, priority: 0, ...options, id, source: 'conformance', data: { n: 1 } }
      const [first, second] = envelopes
      equal(first, { ...published, time: first?.time }, 'what attempt 1 was given')
      equal(second, first, 'what attempt 2 was given')
    },
  },
  {
    id: 'NCK-04',
    title: 'what a handler does to its copy stays with it',
    promise:
      'Where a handler changes the data that it is given and then throws, the next attempt, other subscriptions and the dead letter have the message as it was.',
    profile: 'core',
    budget: ({ arrive }) => arrive,
    async run(it) {
      const orders = it.topic<{ n: number; lines: string[] }>()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const data: string[] = []
      const look = (what: string, found: unknown) => data.push(`${what} ${JSON.stringify(found)}`)
      const broker = await it.open()
      const failing = await it.collect(broker, billing, (message, { attempt }) => {
        look(`attempt ${attempt}`, message.data)
        message.data.n = 99
        message.data.lines.push('spoiled')
        throw new Error('always')
      })
      await broker.publish(orders, { n: 1, lines: ['a'] })
      await it.until(() => failing.dead.length === 1, { what: 'the message to be dead' })
      const other = await it.collect(broker, orders.subscription('other'), message => {
        look('another subscription', message.data)
      })
      await it.until(() => other.acked.length === 1, { what: 'the other subscription to have it' })
      for await (const { message } of broker.deadLetters(billing)) look('the dead letter', message.data)
      const who = ['attempt 1', 'attempt 2', 'another subscription', 'the dead letter']
      const text = '{"n":1,"lines":["a"]}'
      const expected = who.map(name => `${name} ${text}`)
      equal(data, expected, 'what each is given')
    },
  },
  {
    id: 'NCK-08',
    title: 'a reject kills at once',
    promise: 'A rejected message is dead-lettered with its reason, whatever attempts are left, and never run again.',
    profile: 'full',
    guarantees: [6],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing, () => reject('NO_CREDIT'))
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead-lettered' })
      await it.silence(seen)
      equal(seen.attempts, [1], 'attempts')
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message, reason }) => [message.id, reason]),
        [[ids[0], 'NO_CREDIT']],
        'the dead letters',
      )
    },
  },
  {
    id: 'NCK-09',
    title: 'a release costs no attempt',
    promise: 'A released message is handed out again with the attempt that it had.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const consumer = await it.consume(billing)
      for (let round = 1; round <= 3; round++) {
        const delivery = await consumer.next(it.timing.redeliver)
        equal([delivery.message.id, delivery.attempt], [id, 1], `id and attempt in round ${round}`)
        equal(await consumer.release(delivery), [], 'exceptions of a release')
      }
    },
  },
)
