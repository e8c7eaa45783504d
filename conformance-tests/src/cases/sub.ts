import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** Subscribing: who gets what. */
export const SUB = defineCases(
  {
    id: 'SUB-01',
    title: 'subscribe, then publish',
    promise: 'A subscription gets what is published after it was made.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const ids = await it.publish(orders, 5)
      await untilAcked(it, 5, seen)
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'SUB-02',
    title: 'publish, then subscribe',
    promise: 'A new subscription starts at the earliest message: who was there first does not matter.',
    profile: 'core',
    needs: 'from:earliest',
    proves: ['from:earliest'],
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, 5)
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await it.until(() => seen.acked.length === 5, { what: 'five messages from before the subscription' })
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'SUB-03',
    title: 'ten topics in one process',
    promise: 'A process that consumes many topics gets everything of each, in its order.',
    profile: 'core',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const broker = await it.open()
      const topics = Array.from({ length: 10 }, () => it.topic())
      const seen: Collector[] = []
      for (const topic of topics) seen.push(await it.collect(broker, topic.subscription('billing')))
      const each = it.size(20)
      const under: Promise<unknown>[] = []
      for (let n = 1; n <= each; n++) for (const topic of topics) under.push(broker.publish(topic, { n }))
      await Promise.all(under)
      await it.until(() => seen.every(({ acked }) => acked.length === each), {
        within: 2 * it.timing.arrive,
        what: `${each} messages of each topic`,
      })
      const expected = upTo(each)
      for (const [index, { numbers }] of seen.entries()) equal(numbers, expected, `the runs of topic ${index + 1}`)
    },
  },
  {
    id: 'SUB-04',
    title: 'a closed consumer starts nothing',
    promise: 'Once close() of a consumer has resolved, no handler of it starts; the other subscriptions go on.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const closing = await it.collect(broker, orders.subscription('closing'))
      const staying = await it.collect(broker, orders.subscription('staying'))
      const under = Array.from({ length: it.size(100) }, (_, n) => broker.publish(orders, { n }))
      await it.until(() => closing.runs.length > 0, { what: 'a first run' })
      await closing.close()
      const [runs, running] = [closing.runs.length, closing.running]
      await Promise.all(under)
      const ids = await it.publish(orders, 10)
      await it.until(() => staying.acked.length === under.length + ids.length, {
        what: 'the other subscription to get all',
      })
      await it.elapse(it.timing.quiet)
      equal([closing.runs.length, running], [runs, 0], 'runs begun, and handlers running, after closing')
      equal(closing.handle.state, 'closed', 'the state of the closed consumer')
    },
  },
  {
    id: 'SUB-05',
    title: 'what comes meanwhile is kept',
    promise: 'What is published while nobody consumes a subscription is delivered to its next consumer, once.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const first = await it.collect(broker, billing)
      const before = await it.publish(orders, 3)
      await untilAcked(it, 3, first)
      await first.close()
      const meanwhile = await it.publish(orders, 20)
      const second = await it.collect(broker, billing)
      await it.until(() => second.acked.length >= 20, { what: 'the twenty messages that came meanwhile' })
      await it.silence(second)
      equal([first.ids, second.ids], [before, meanwhile], 'what came to the first and the second consumer')
    },
  },
  {
    id: 'SUB-06',
    title: 'a handler may close its own consumer',
    promise: 'Closing a consumer from inside its handler does not block; the message being handled is acked.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const closings: Promise<void>[] = []
      const seen = await it.collect(await it.open(), orders.subscription('billing'), () => {
        closings.push(seen.close())
      })
      const ids = await it.publish(orders, 3)
      await it.until(() => closings.length > 0, { what: 'a first run' })
      await Promise.all(closings)
      equal(seen.acked, ids.slice(0, 1), 'what was acked')
      equal(seen.handle.state, 'closed', 'the state of the consumer')
      const rest = await it.collect(await it.open(), orders.subscription('billing'))
      await it.until(() => rest.acked.length === 2, { within: it.timing.redeliver, what: 'the other two, at once' })
      equal(rest.ids, ids.slice(1), 'what was left for the next consumer')
    },
  },
  {
    id: 'SUB-07',
    title: 'a handler knows what it is given',
    promise:
      'Message and context tell topic, subscription, id, key, attempt and losses; views of a message are of its own.',
    profile: 'core',
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const orders = it.topic<{ list: number[] }>()
      const delays = [it.timing.delay]
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays } })
      const broker = await it.open()
      const contexts: unknown[] = []
      const seen = await it.collect(broker, billing, (message, context) => {
        const { subscription, attempt, losses, signal } = context
        contexts.push([
          message.topic,
          message.id,
          subscription,
          attempt,
          losses,
          signal.aborted,
          [...message.data.list],
        ])
        message.data.list.push(attempt)
        if (attempt === 1) throw new Error('once')
      })
      const { id } = await broker.publish(orders, { list: [7] })
      await it.until(() => seen.acked.length === 1, {
        within: it.timing.arrive + it.timing.delay + it.timing.redeliver,
        what: 'the message to be acked on its second attempt',
      })
      const expected = (attempt: number) => [orders.name, id, 'billing', attempt, 0, false, [7]]
      equal(contexts, [expected(1), expected(2)], 'what the handler was told')
      const [first] = seen.runs
      check(first !== undefined && first.message.correlationId === id, 'a message is the first of its own chain')
    },
  },
  {
    id: 'SUB-08',
    title: 'one handler a subscription and process, many subscriptions a topic',
    promise:
      'The same handler again gets the same consumer, another one is a CONFLICT; two subscriptions both get everything.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const runs: string[] = []
      const handler = ({ id }: { readonly id: string }) => void runs.push(id)
      const [one, again] = await Promise.all([
        broker.subscribe(orders.subscription('billing'), handler),
        broker.subscribe(orders.subscription('billing'), handler),
      ])
      check(one === again, 'the same handler got another consumer')
      await it.rejects('CONFLICT', () => broker.subscribe(orders.subscription('billing'), () => {}))
      const other = await it.collect(broker, orders.subscription('shipping'))
      const ids = await it.publish(orders, 5)
      await it.until(() => other.acked.length === 5 && runs.length === 5, {
        what: 'five messages in both subscriptions',
      })
      equal([runs, other.ids], [ids, ids], 'what came to both')
    },
  },
)
