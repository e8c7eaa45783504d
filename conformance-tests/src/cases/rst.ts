import type { UnreliableAdapter } from '@pluribus/core/testing'
import { outage } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { UNANSWERED, UNWOKEN } from '../case/core-limits.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { persistently } from '../case/persistently.js'
import type { Sample } from '../case/sample.js'

/** Outages of the broker, as its clients see them. What takes a broker process stands in a file of its own. */
export const RST = defineCases(
  {
    id: 'RST-06',
    title: 'a subscription that is deleted under its consumer is noticed, and made anew',
    promise:
      'A consumer whose subscription somebody has deleted does not wait for ever: it is told, and consumes again.',
    profile: 'full',
    guarantees: [14],
    needs: 'from:latest',
    refusal: 'REF-from-latest',
    budget: ({ recover }) => 2 * recover + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { from: 'latest' })
      const consuming = await it.open()
      let downs = 0
      let ups = 0
      consuming.on('consumer.down', () => void downs++)
      consuming.on('consumer.up', () => void ups++)
      const seen = await it.collect(consuming, billing)
      const other = await it.open()
      await other.publish(orders, { n: 1 })
      await it.until(() => seen.acked.length === 1, { what: 'the first message to be acked' })
      await other.remove(billing)
      const within = it.timing.recover + UNWOKEN
      await it.until(() => downs === 1 && ups === 2, { within, what: 'the consumer to notice, and to be back' })
      const { id } = await other.publish(orders, { n: 2 })
      await it.until(() => seen.acked.includes(id), { within, what: 'what is published afterwards to be acked' })
    },
  },
  {
    id: 'RST-14',
    title: 'outages in the middle of a thousand messages lose none that was stored',
    promise: 'Publishers that publish again under the same id, and consumers, come through outages without a loss.',
    profile: 'full',
    guarantees: [1, 2, 14],
    budget: ({ recover, lease, delay, redeliver }) => 6 * recover + 2 * (lease + delay + redeliver) + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const count = it.size(300)
      const [consuming, below] = await it.openBreakable()
      const seen = await it.collect(consuming, orders.subscription('billing'), () => undefined, { concurrency: 8 })
      const adapters: UnreliableAdapter[] = [below]
      const publishers = [1, 2, 3, 4].map(async publisher => {
        const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.delay })
        adapters.push(adapter)
        for (let n = 1; n <= count / 4; n++) {
          const publish = () => broker.publish(orders, { n }, { id: `${publisher}-${n}` })
          await persistently(it, publish)
          if (n % 10 === 0) await it.elapse(it.timing.delay / 20)
        }
      })
      for (const part of [1 / 3, 1 / 2]) {
        await it.until(() => seen.runs.length >= part * count, {
          within: it.timing.recover + 3 * it.timing.arrive,
          what: `${Math.floor(part * count)} runs`,
        })
        await outage(it, adapters, it.timing.delay)
      }
      await Promise.all(publishers)
      const within = it.timing.lease + it.timing.redeliver + 2 * it.timing.recover + UNWOKEN
      // An ack that was under way when the link broke may be stored all the same.
      const all = 4 * Math.floor(count / 4)
      await it.until(() => new Set(seen.ids).size === all, { within, what: `all ${all} to be run` })
    },
  },
  {
    id: 'RST-15',
    title: 'an outage longer than every patience ends, and everything goes on',
    promise: 'However long the broker is away, consuming resumes by itself when it is back.',
    profile: 'full',
    guarantees: [14],
    budget: ({ recover }) => 2 * (UNANSWERED + UNWOKEN) + 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: 'the first message to be acked' })
      await outage(it, [adapter], UNANSWERED + UNWOKEN)
      const [id = ''] = await it.publish(orders, 1)
      await it.until(() => seen.acked.includes(id), { within: it.timing.recover, what: 'the next message to be acked' })
      equal(seen.handle.state, 'consuming', 'the state of the consumer')
    },
  },
  {
    id: 'RST-16',
    title: 'what waits for its time comes through an outage: once, and not too soon',
    promise: 'Retries and delayed messages that become due during an outage come after it, others at their time.',
    profile: 'full',
    guarantees: [2, 8, 14],
    needs: { not: 'delay:none' },
    budget: ({ recover, lease, delay, redeliver }) => 2 * recover + lease + 4 * delay + redeliver + UNWOKEN,
    async run(it) {
      const { redeliver, recover, lease } = it.timing
      const delay = Math.min(it.timing.delay, Math.floor(it.capabilities.limits.hold / 2))
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const behaviour = ({ data }: { readonly data: Sample }, { attempt }: { readonly attempt: number }) => {
        if (data.n <= 10 && attempt === 1) throw new Error('once')
      }
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [2 * delay] } })
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4 })
      const published = it.clock.monotonic()
      await it.publish(orders, 20, n => (n > 10 ? { delay: 2 * delay } : {}))
      await it.until(() => seen.runs.length === 10, { what: 'ten runs that fail' })
      await it.elapse(delay / 2)
      await outage(it, [adapter], delay / 2)
      const within = 2 * delay + redeliver + recover + lease + UNWOKEN
      await it.until(() => seen.acked.length === 20, { within, what: 'all twenty to be acked' })
      equal(seen.runs.length, 30, 'how often something was run')
      const soon = seen.runs.slice(10).filter(({ startedAt }) => startedAt < published + 2 * delay)
      check(soon.length === 0, `${soon.length} came before their time`)
      sameMembers(
        [...new Set(seen.numbers)],
        [...Array(20).keys()].map(n => n + 1),
        'what ran',
      )
    },
  },
)
