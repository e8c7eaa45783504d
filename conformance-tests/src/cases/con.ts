import { isPluribusError } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** Many at once. */
export const CON = defineCases(
  {
    id: 'CON-01',
    title: 'as many at once as allowed, and not more',
    promise: 'With enough to do, exactly as many handlers run at once as the concurrency says.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      for (const concurrency of [1, 3, 16]) {
        const orders = it.topic()
        const gate = it.gate()
        const billing = orders.subscription('billing', { timeout: patience(it) })
        const seen = await it.collect(broker, billing, () => gate.pass(), { concurrency })
        await it.publish(orders, 3 * concurrency)
        await it.until(() => seen.running === concurrency, { what: `${concurrency} handlers to run at once` })
        await it.elapse(it.timing.quiet)
        gate.open()
        await untilAcked(it, 3 * concurrency, seen)
        equal(seen.mostRunning, concurrency, `the most handlers at once with concurrency ${concurrency}`)
      }
    },
  },
  {
    id: 'CON-02',
    title: 'fifty publishers and twenty handlers on one topic',
    promise: 'However many publish and consume at once, every message is handled, once.',
    profile: 'core',
    async run(it) {
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const each = Math.ceil(it.size(300) / 50)
      const pause = () => it.elapse(it.random() * (it.timing.delay / 50))
      const seen = await Promise.all(
        upTo(4).map(async () => it.collect(await it.open(), billing, pause, { concurrency: 5, prefetch: 10 })),
      )
      const ids: string[] = []
      await Promise.all(
        upTo(5).map(async () => {
          const publisher = await it.open()
          const publish = async () => {
            for (const n of upTo(each)) ids.push((await publisher.publish(orders, { n })).id)
          }
          await Promise.all(upTo(10).map(publish))
        }),
      )
      await untilAcked(it, ids.length, ...seen)
      sameMembers(seen.flatMap(collector => collector.ids).sort(), ids.sort(), 'what was handled')
    },
  },
  {
    id: 'CON-03',
    title: 'twenty topics in one process',
    promise: 'A process may use many topics at once: each has its own messages, in its own order.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const topics = upTo(20).map(() => it.topic())
      const seen = await Promise.all(topics.map(orders => it.collect(broker, orders.subscription('billing'))))
      const count = it.size(10)
      const publish = async (index: number) => {
        const orders = topics[index]
        check(orders !== undefined, 'there is no such topic')
        for (const n of upTo(count)) await broker.publish(orders, { n: 1_000 * index + n })
      }
      await Promise.all(topics.map((_, index) => publish(index)))
      await untilAcked(it, 20 * count, ...seen)
      for (const [index, { numbers }] of seen.entries()) {
        equal(
          numbers,
          upTo(count).map(n => 1_000 * index + n),
          `what came to topic ${index}`,
        )
      }
    },
  },
  {
    id: 'CON-04',
    title: 'everything at once, in any order',
    promise: 'Publishing, subscribing, pausing and closing in any interleaving neither hang nor lose anything.',
    profile: 'full',
    budget: ({ close, recover }) => 2 * close + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const handled = new Set<string>()
      const brokers = await Promise.all(upTo(3).map(() => it.open()))
      const users = brokers.map(broker => {
        const handler = ({ id }: { readonly id: string }) => void handled.add(id)
        return { broker, subscribe: () => broker.subscribe(billing, handler) }
      })
      const stored: string[] = []
      const act = async ({ broker, subscribe }: (typeof users)[number]) => {
        const choice = it.random()
        if (choice < 0.5) return void stored.push((await broker.publish(orders, { n: 0 })).id)
        const handle = await subscribe()
        if (choice < 0.7) handle.pause()
        else if (choice < 0.9) handle.resume()
        else await handle.close()
      }
      const acts: Promise<void>[] = []
      for (const n of upTo(it.size(120))) {
        const user = users[n % users.length]
        check(user !== undefined, 'there is no broker')
        acts.push(act(user))
        if (it.random() < 0.3) await it.elapse(it.random() * (it.timing.delay / 20))
      }
      const failures = (await Promise.allSettled(acts)).flatMap(act => (act.status === 'rejected' ? [act.reason] : []))
      const unexpected = failures.filter(reason => !isPluribusError(reason, 'CLOSED'))
      equal(unexpected.map(String), [], 'calls that failed other than because their consumer was closed')
      await Promise.all(brokers.map(broker => broker.close()))
      await it.collect(await it.open(), billing, ({ id }) => void handled.add(id))
      const within = it.timing.arrive + it.timing.recover
      await it.until(() => stored.every(id => handled.has(id)), { within, what: 'everything to be handled' })
    },
  },
  {
    id: 'CON-05',
    title: 'four processes of the machine share a subscription',
    promise: 'Real processes that consume one subscription get each message once between them.',
    profile: 'full',
    // What is in the memory of one process is not there for another.
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ recover }) => 4 * recover,
    async run(it) {
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const children = await Promise.all(upTo(4).map(() => it.child()))
      await Promise.all(children.map(child => child.subscribe(billing, { does: 'ack' }, { prefetch: 8 })))
      const ids = await it.publish(orders, it.size(200))
      const acked = () => children.flatMap(child => child.acked)
      const within = 3 * it.timing.arrive + it.timing.recover
      await it.until(() => acked().length >= ids.length, { within, what: `${ids.length} messages to be acked` })
      sameMembers(acked().sort(), [...ids].sort(), 'what the four processes acked')
      await Promise.all(children.map(child => child.close()))
    },
  },
  {
    id: 'CON-07',
    title: 'two consumers race for one message',
    promise: 'When two consumers ask at the same moment for the only message there is, one of them gets it.',
    profile: 'full',
    needs: 'competing:message',
    proves: ['competing:message'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const rivals = await Promise.all([it.consume(billing), it.consume(billing)])
      for (const round of upTo(it.size(100))) {
        const [id] = await it.publish(orders, 1)
        const won: unknown[] = []
        while (won.length === 0) {
          const pulled = await Promise.all(rivals.map(rival => rival.pull(1)))
          for (const [index, deliveries] of pulled.entries()) {
            won.push(...deliveries.map(({ message }) => message.id))
            await rivals[index]?.ack(...deliveries)
          }
          if (won.length === 0) await it.elapse(it.timing.quiet / 100)
        }
        equal(won, [id], `what the two got between them in round ${round}`)
      }
    },
  },
  {
    id: 'CON-08',
    title: 'handlers of one subscription do not hold up those of another',
    promise: 'While the handlers of one subscription are all stuck, those of another go on, in the same process.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const orders = it.topic<Sample>()
      const gate = it.gate()
      const stuck = await it.collect(broker, orders.subscription('stuck'), () => gate.pass(), { concurrency: 10 })
      const count = it.size(50)
      const free = await it.collect(broker, orders.subscription('free'))
      await it.publish(orders, count)
      await it.until(() => stuck.running === 10, { what: 'ten handlers to be stuck' })
      await untilAcked(it, count, free)
      equal(stuck.acked, [], 'what the stuck subscription has acked')
      gate.open()
      await untilAcked(it, count, stuck)
    },
  },
)
