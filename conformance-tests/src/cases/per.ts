import { priority } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { upTo } from '../case/up-to.js'
import type { Expression } from '../claims/expression.js'

/** Claims to survive at least its publisher. */
const LASTING: Expression = { not: 'durability:memory' }

/** What outlives everybody who has used it. */
export const PER = defineCases(
  {
    id: 'PER-01',
    title: 'what was stored is there when everybody was gone',
    promise: 'Where nobody is connected any more, everything stays: whoever comes later finds it, in its order.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const publisher = await it.open()
      await publisher.declare(billing)
      const count = it.size(100)
      const ids: string[] = []
      for (let n = 0; n < count; n++) ids.push((await publisher.publish(orders, { n })).id)
      await publisher.close()
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length === count, {
        within: 2 * it.timing.arrive,
        what: `${count} messages of a broker that is closed`,
      })
      equal(seen.ids, ids, 'what came, in its order')
    },
  },
  {
    id: 'PER-02',
    title: 'what a process has stored outlives it',
    promise: 'What a process was told to be stored is found by the next one, however the first one ended.',
    profile: 'core',
    needs: LASTING,
    hooks: ['children'],
    budget: ({ arrive, close }) => 4 * (arrive + close),
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const [clean, killed] = [await it.child(), await it.child()]
      await Promise.all([clean.publish(orders, count), killed.publish(orders, count, { first: count + 1 })])
      await Promise.all([clean.close(), killed.kill()])
      const seen = await it.collect(await it.open(), orders.subscription('late'))
      await it.until(() => seen.acked.length >= 2 * count, {
        within: 2 * it.timing.arrive,
        what: `${2 * count} messages of two processes that are over`,
      })
      equal(
        [...seen.numbers].sort((a, b) => a - b),
        upTo(2 * count),
        'what came',
      )
    },
  },
  {
    id: 'PER-03',
    title: 'the state of a delivery outlives its consumer',
    promise:
      'Acked stays acked, held comes back, delayed keeps its due time, failed keeps its count, ranks keep their place.',
    profile: 'core',
    needs: [{ not: 'delay:none' }, 'attempts:stored'],
    budget: ({ delay, redeliver, arrive }) => 8 * (delay + redeliver + arrive),
    async run(it) {
      const { delay, redeliver } = it.timing
      const isRanked = it.capabilities.priority === 'exact'
      const orders = it.topic()
      const billing = orders.subscription('billing', isRanked ? { discipline: priority({ levels: 3 }) } : {})
      const first = await it.consume(billing, { lease: 8 * (delay + redeliver) })
      await it.publish(orders, 4, n => (isRanked ? { priority: [2, 2, 0, 1][n - 1] } : {}))
      const [acked, failed] = await first.take(2)
      check(acked !== undefined && failed !== undefined, 'two deliveries were due')
      await first.ack(acked)
      const from = it.clock.monotonic()
      await first.retry(failed, 4 * delay)
      await it.publish(orders, 1, () => ({ delay: 4 * delay, ...(isRanked ? { priority: 2 } : {}) }))
      const held = await first.take(2)
      await first.close()
      const second = await it.consume(billing, { lease: 8 * (delay + redeliver) })
      const back = await second.take(2, redeliver)
      equal(
        back.map(({ message, attempt }) => [message.id, attempt]),
        held.map(({ message }) => [message.id, 1]),
        'what was held by a consumer that is gone, and its attempts',
      )
      await second.ack(...back)
      const late = await second.take(2, 4 * delay + redeliver)
      const waited = it.clock.monotonic() - from
      check(waited >= 4 * delay, `what was due after ${4 * delay} ms came after ${waited} ms`)
      equal(
        late.map(({ message, attempt }) => [message.id === failed.message.id, attempt]).sort(),
        [
          [false, 1],
          [true, 2],
        ],
        'the retried and the delayed one, and their attempts',
      )
      await second.ack(...late)
      equal(await second.pull(), [], 'what is left')
    },
  },
)
