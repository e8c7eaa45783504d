import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { closed } from '../case/closed.js'
import type { Collector } from '../case/collector.js'
import { equal, sameMembers } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** Consumers that come and go. */
export const GRP_MORE = defineCases(
  {
    id: 'GRP-05',
    title: 'consumers come and go while messages flow',
    promise: 'When processes join, leave and die in mid-flow, everything is handled.',
    profile: 'full',
    budget: ({ lease, recover, redeliver }) => 2 * (lease + recover + redeliver),
    async run(it) {
      const { lease, recover, redeliver, delay } = it.timing
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const count = it.size(200)
      const handled = new Set<string>()
      const behaviour = async ({ id }: { readonly id: string }) => {
        await it.elapse(it.random() * (delay / 20))
        handled.add(id)
      }
      const options = { concurrency: 4, prefetch: 8 }
      const collectors: Collector[] = []
      for (const round of upTo(4)) {
        const [broker, adapter] = await it.openBreakable()
        collectors.push(await it.collect(broker, billing, behaviour, options))
        await it.publish(orders, count / 4)
        await it.elapse(it.random() * delay)
        if (round % 2 === 0) await die(it, broker, adapter)
        else if (round < 3) await collectors.at(-1)?.close()
      }
      await it.until(() => handled.size === count, {
        within: 2 * (lease + recover + redeliver),
        what: `all ${count} messages to be handled`,
      })
      await closed(it, ...collectors)
    },
  },
  {
    id: 'GRP-09',
    title: 'one name on two topics is two subscriptions',
    promise: 'Subscriptions are named within their topic: the same name elsewhere has nothing to do with it.',
    profile: 'full',
    async run(it) {
      const [orders, refunds] = [it.topic(), it.topic()]
      const broker = await it.open()
      const first = await it.collect(broker, orders.subscription('billing'))
      const second = await it.collect(broker, refunds.subscription('billing'))
      const ids = [await it.publish(orders, 5), await it.publish(refunds, 3)]
      await untilAcked(it, 8, first, second)
      equal([first.ids, second.ids], ids, 'what came to each')
    },
  },
  {
    id: 'GRP-11',
    title: 'who has had nothing to do takes over',
    promise: 'Consumers that are too many for the partitions wait, and take over when others leave.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic({ partitions: 2 })
      const billing = orders.subscription('billing')
      const seen = await Promise.all(
        upTo(4).map(async () => it.collect(await it.open(), billing, undefined, { prefetch: 0 })),
      )
      const count = it.size(40)
      await it.publish(orders, count)
      await untilAcked(it, count, ...seen)
      const busiest = seen.toSorted((a, b) => b.runs.length - a.runs.length)
      await Promise.all(busiest.slice(0, 2).map(collector => collector.close()))
      const rest = busiest.slice(2)
      const before = rest.reduce((sum, { acked }) => sum + acked.length, 0)
      await it.publish(orders, count)
      await it.until(() => rest.reduce((sum, { acked }) => sum + acked.length, 0) === before + count, {
        within: 3 * it.timing.arrive + it.timing.recover,
        what: 'the two that are left to ack everything',
      })
    },
  },
  {
    id: 'GRP-12',
    title: 'ten consumers join and leave at the same time',
    promise: 'However many come and go at once, every close ends, and nothing is lost.',
    profile: 'full',
    budget: ({ recover, close }) => 4 * (recover + close),
    async run(it) {
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const handled = new Set<string>()
      const ids: string[] = []
      const visit = async () => {
        const broker = await it.open()
        const seen = await it.collect(broker, billing, ({ id }) => void handled.add(id), { prefetch: 4 })
        await it.elapse(it.random() * (it.timing.delay / 10))
        await seen.close()
        await broker.close()
      }
      for (const _ of upTo(3)) {
        const visits = upTo(10).map(visit)
        ids.push(...(await it.publish(orders, 20)))
        await Promise.all(visits)
      }
      const last = await it.collect(await it.open(), billing, ({ id }) => void handled.add(id))
      await it.until(() => handled.size === ids.length, {
        within: 3 * it.timing.arrive + it.timing.recover,
        what: `all ${ids.length} messages to be handled`,
      })
      await last.close()
      sameMembers([...handled], ids, 'what was handled')
    },
  },
  {
    id: 'GRP-13',
    title: 'each consumer has the lease that it asked for',
    promise:
      'A consumer with a short lease loses what it holds when that is over; one with a long lease keeps its own.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver, arrive }) => 2 * (lease + redeliver + arrive),
    async run(it) {
      const { lease, redeliver, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const short = await it.consume(billing)
      if (short.source.renew === undefined) it.blocked('the source has no leases')
      const long = await it.consume(billing, { lease: 4 * (lease + redeliver + arrive) })
      const ids = await it.publish(orders, 2)
      await short.next()
      const held = await long.next()
      const other = await it.consume(billing)
      const lost = await other.next(lease + redeliver)
      equal(lost.message.id, ids[0], 'what comes back')
      equal(await other.pull(), [], 'what else comes back')
      equal(await long.ack(held), [], 'exceptions of the ack of the one with the long lease')
      equal(await other.ack(lost), [], 'exceptions of the ack of the one that took over')
    },
  },
)
