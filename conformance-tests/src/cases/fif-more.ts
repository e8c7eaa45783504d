import type { Broker, Subscription } from '@pluribus/core'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { closed } from '../case/closed.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { oneOf } from '../case/random.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { whenDue } from '../case/when-due.js'

/** Consumes so many messages and stops there; answers the numbers of what ran. */
async function consume(it: CaseContext, broker: Broker, from: Subscription<Sample>, count: number) {
  const subscribed = it.gate()
  let closing: Promise<void> | undefined
  const seen: Collector = await it.collect(broker, from, async () => {
    await subscribed.opened
    // Closing waits for this run: it is not awaited in it.
    if (seen.runs.length === count) closing = seen.close()
  })
  subscribed.open()
  await it.until(() => closing !== undefined, { within: 3 * it.timing.arrive, what: `${count} messages to run` })
  await closing
  return seen.numbers
}

/** Order through interruptions, retries and delays. */
export const FIF_MORE = defineCases(
  {
    id: 'FIF-05',
    title: 'who takes over from a dead process begins where it was',
    promise:
      'When a process dies in the middle of a message, the next one begins with that message, and goes on in order.',
    profile: 'full',
    needs: 'fifo:exact',
    budget: ({ lease, redeliver, recover }) => lease + redeliver + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [victim, adapter] = await it.openBreakable()
      const gate = it.gate()
      const before = await it.collect(victim, billing, ({ data }) => (data.n === 4 ? gate.pass() : undefined))
      await it.publish(orders, 10)
      await it.until(() => gate.arrived === 1 && before.acked.length === 3, { what: 'the fourth run to begin' })
      await die(it, victim, adapter)
      const after = await it.collect(await it.open(), billing)
      const { lease, redeliver, recover } = it.timing
      await it.until(() => after.acked.length === 7, { within: lease + redeliver + recover, what: 'seven to be acked' })
      gate.open()
      equal(after.numbers, [4, 5, 6, 7, 8, 9, 10], 'the order of the runs of the process that took over')
    },
  },
  {
    id: 'FIF-06',
    title: 'order over closing and opening again',
    promise:
      'A consumer that is closed and opened again, in the same process or another, goes on in order where it was.',
    profile: 'full',
    needs: 'fifo:exact',
    proves: ['fifo:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(60)
      await it.publish(orders, count)
      const third = Math.floor(count / 3)
      const first = await it.open()
      const begun = [...(await consume(it, first, billing, third)), ...(await consume(it, first, billing, third))]
      await first.close()
      begun.push(...(await consume(it, await it.open(), billing, count - begun.length)))
      equal(begun, upTo(count), 'the order of the runs')
    },
  },
  {
    id: 'FIF-09',
    title: 'what is sent again does not overtake',
    promise: 'Publishes whose connection breaks are sent again in the order of their calls, and stored once.',
    profile: 'full',
    needs: ['fifo:exact', { any: ['deduplication:supplied', 'deduplication:all'] }],
    budget: ({ recover }) => 4 * recover,
    async run(it) {
      const orders = it.topic()
      const [publisher, link] = await it.openBreakable({ publishTimeout: 4 * it.timing.recover })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const rounds = 4
      const size = it.size(20)
      for (let round = 0; round < rounds; round++) {
        const published = upTo(size).map(n => {
          if (n === Math.ceil(size / 2)) {
            if (round % 2 === 0) link.loseReplies('publish')
            else link.cut()
          }
          const number = round * size + n
          return publisher.publish(orders, { n: number }, { id: `${orders.name}-${number}` })
        })
        await Promise.all(published)
      }
      await untilAcked(it, rounds * size, seen)
      equal(seen.numbers, upTo(rounds * size), 'the order of the runs')
    },
  },
  {
    id: 'FIF-10',
    title: 'order under fire',
    promise: 'Failed runs, cut connections and ended consumers lose nothing, and what is new still comes in order.',
    profile: 'full',
    needs: 'fifo:exact',
    budget: ({ recover, lease }) => 4 * (recover + lease),
    async run(it) {
      const orders = it.topic()
      const count = it.size(300)
      const billing = orders.subscription('billing', { retry: { attempts: 50, delays: [] } })
      const handled = new Set<string>()
      const links = await Promise.all(upTo(2).map(() => it.openBreakable()))
      const collectors: Collector[] = []
      for (const [broker] of links) {
        const behaviour = async ({ id }: { readonly id: string }, { attempt }: { readonly attempt: number }) => {
          await it.elapse(it.random() * (it.timing.delay / 10))
          if (attempt === 1 && it.random() < 0.1) throw new Error('once')
          handled.add(id)
        }
        collectors.push(await it.collect(broker, billing, behaviour, { concurrency: 8 }))
      }
      for (let left = count; left > 0; ) {
        const size = Math.min(left, Math.ceil(it.random() * (count / 10)))
        await it.publish(orders, size)
        left -= size
        const link = oneOf(it, links)?.[1]
        if (it.random() < 0.5) link?.endSources()
        else link?.cut()
        await it.elapse(it.random() * it.timing.delay)
      }
      const { recover, lease } = it.timing
      await it.until(() => handled.size === count, {
        within: 3 * (recover + lease),
        what: `all ${count} messages to be handled`,
      })
      await closed(it, ...collectors)
    },
  },
  {
    id: 'FIF-12',
    title: 'a delayed message has the place of its due time',
    promise:
      'A delayed message stands behind what was published before it was due, and before what is published after.',
    profile: 'full',
    needs: ['fifo:exact', { not: 'delay:none' }],
    budget: timing => timing.delay + timing.redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const publisher = await it.open()
      await publisher.declare(billing)
      await publisher.publish(orders, { n: 5 }, { delay: it.timing.delay })
      await it.publish(orders, 4)
      await it.elapse(whenDue(it))
      await publisher.publish(orders, { n: 6 })
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 6, seen)
      equal(seen.numbers, upTo(6), 'the order of the runs, the delayed message being the fifth')
    },
  },
  {
    id: 'FIF-14',
    title: 'a retry keeps its place',
    promise: 'A failed message lets others pass, and when it is due it goes before all that was published after it.',
    profile: 'full',
    needs: 'fifo:exact',
    budget: timing => timing.delay + timing.redeliver,
    async run(it) {
      const orders = it.topic()
      const retry = { attempts: 2, delays: [it.timing.delay] }
      const billing = orders.subscription('billing', { retry, timeout: patience(it) })
      const gate = it.gate()
      const seen = await it.collect(
        await it.open(),
        billing,
        ({ data }, { attempt }) => {
          if (data.n === 1 && attempt === 1) throw new Error('once')
          return data.n === 2 ? gate.pass() : undefined
        },
        { prefetch: 0 },
      )
      await it.publish(orders, 5)
      await it.until(() => gate.arrived === 1, { what: 'the second run to begin' })
      await it.elapse(whenDue(it))
      gate.open()
      await untilAcked(it, 5, seen)
      equal(seen.numbers, [1, 2, 1, 3, 4, 5], 'the order of the runs')
    },
  },
  {
    id: 'FIF-15',
    title: 'eight at once begin in order',
    promise: 'Runs that go on side by side have begun in the order of publishing.',
    profile: 'full',
    needs: 'fifo:exact',
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const behaviour = () => it.elapse(it.random() * (it.timing.delay / 10))
      const seen = await it.collect(await it.open(), orders.subscription('billing'), behaviour, { concurrency: 8 })
      await it.publish(orders, count)
      await untilAcked(it, count, seen)
      equal(seen.numbers, upTo(count), 'the order in which the runs began')
      equal(seen.mostRunning, 8, 'the most runs at once')
    },
  },
)
