import { DEAD_REASONS, retry } from '@pluribus/core'
import { all } from '../case/all.js'
import { failOnce } from '../case/behaviour.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { between, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'
import type { Expression } from '../claims/expression.js'

/** Others pass while a key waits. */
const BY_KEY: Expression = [{ any: ['keys:key', 'keys:window'] }, { not: 'fifo:none' }]
/** Longer than any delay may be, in milliseconds. */
const BEYOND = 3_650 * 86_400_000

/** Keyed messages that are held for their retry. */
export const HLD = defineCases(
  {
    id: 'HLD-01',
    title: 'a keyed retry holds its key, and comes back in its place; others pass',
    promise: 'While a keyed message waits for its next attempt its key is closed, and messages of other keys pass.',
    profile: 'core',
    guarantees: [8],
    needs: BY_KEY,
    refusal: 'REF-keys',
    proves: ['keys:key', 'keys:window'],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { seen, delay } = await firstFails(it)
      equal(seen.numbers, [1, 2, 4, 1, 3, 5], 'the order of the runs')
      const [first, again] = seen.runs.filter(({ message }) => message.id === seen.ids[0])
      const most = delay + it.capabilities.delayTick + it.timing.redeliver
      between((again?.startedAt ?? 0) - (first?.endedAt ?? 0), delay, most, 'milliseconds before the second attempt')
    },
  },
  {
    id: 'HLD-02',
    title: 'where a partition waits for a keyed retry, everything in it waits',
    promise: 'Nothing of its partition is begun while a keyed message waits for its next attempt.',
    profile: 'full',
    guarantees: [8],
    needs: 'keys:partition',
    proves: ['keys:partition'],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { seen } = await firstFails(it)
      equal(seen.numbers, [1, 1, 2, 3, 4, 5], 'the order of the runs')
    },
  },
  {
    id: 'HLD-03',
    title: 'a ladder step longer than what can be held is refused, and one as long is not',
    promise: '`limits.hold` is the longest step of a ladder: what is longer is refused before anything is done.',
    profile: 'full',
    guarantees: [10],
    needs: { not: 'keys:none' },
    proves: ['limits.hold'],
    async run(it) {
      const { hold } = it.capabilities.limits
      const longest = Math.min(hold, BEYOND)
      const with_ = (delay: number) => it.topic().subscription('billing', { retry: { delays: [0, delay] } })
      const broker = await it.open()
      equal(broker.check(with_(longest)), [], `what is refused of a ladder with a step of ${longest} ms`)
      const accepted = await it.collect(broker, with_(longest))
      equal(accepted.handle.state, 'consuming', 'the state of a consumer with such a ladder')
      if (hold < BEYOND) await it.refuses('limits', refusing => refusing.subscribe(with_(hold + 1), () => {}))
    },
  },
  {
    id: 'HLD-04',
    title: 'keys wait each for its own delay',
    promise: 'A long delay of one key does not hold up the short one of another.',
    profile: 'full',
    guarantees: [8],
    needs: BY_KEY,
    refusal: 'REF-keys',
    proves: ['keys:key', 'keys:window'],
    budget: ({ delay, redeliver }) => 4 * delay + redeliver,
    async run(it) {
      const delay = heldFor(it, 4)
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'), ({ data: { n } }, { attempt }) =>
        n <= 2 && attempt === 1 ? retry({ after: n === 1 ? 4 * delay : delay }) : undefined,
      )
      await it.publish(orders, 4, n => ({ key: n % 2 === 1 ? 'long' : 'short' }))
      const within = it.timing.arrive + 4 * delay + it.timing.redeliver
      await it.until(() => seen.acked.length === 4, { within, what: 'all four to be acked' })
      equal(seen.numbers, [1, 2, 2, 4, 1, 3], 'the order of the runs')
    },
  },
  {
    id: 'HLD-05',
    title: 'a message that dies opens its key, with the errors of all its runs',
    promise:
      'When the last attempt of a keyed message has failed, the next of its key comes; the dead letter says why.',
    profile: 'full',
    guarantees: [6, 8],
    needs: BY_KEY,
    refusal: 'REF-keys',
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const delay = heldFor(it, 1)
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [delay] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, (message, { attempt }) => {
        if (message.data.n === 1) throw new Error(`run ${attempt}`)
      })
      await it.publish(orders, 5, n => ({ key: n % 2 === 1 ? 'odd' : 'even' }))
      const within = it.timing.arrive + delay + it.timing.redeliver
      await it.until(() => seen.acked.length === 4, { within, what: 'the four others to be acked' })
      equal(seen.numbers, [1, 2, 4, 1, 3, 5], 'the order of the runs')
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ reason, errors }) => [reason, ...errors.map(({ message }) => message)]),
        [[DEAD_REASONS.EXHAUSTED, 'run 1', 'run 2']],
        'reason and errors of the dead letters',
      )
    },
  },
  {
    id: 'HLD-06',
    title: 'a key stays in order when its holder dies while it waits',
    promise: 'A keyed message whose process dies between two attempts comes before its successors, wherever it comes.',
    profile: 'full',
    guarantees: [8],
    needs: [{ not: 'keys:none' }, { not: 'fifo:none' }],
    refusal: 'REF-keys',
    budget: ({ delay, lease, recover, close }) => 2 * (delay + lease) + 2 * recover + close,
    async run(it) {
      const delay = heldFor(it, 1)
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [delay] } })
      const [broker, adapter] = await it.openBreakable()
      let retried = 0
      broker.on('delivery.retried', () => void retried++)
      const first = await it.collect(broker, billing, () => Promise.reject(new Error('once')))
      const ids = await it.publish(orders, 3, () => ({ key: 'one' }))
      await it.until(() => retried === 1, { what: 'the first message to fail' })
      await die(it, broker, adapter)
      const second = await it.collect(await it.open(), billing)
      const within = it.timing.lease + delay + it.timing.recover
      await it.until(() => second.acked.length === 3, { within, what: 'all three to be acked by another process' })
      equal(first.numbers, [1], 'the runs of the process that died')
      equal(second.ids, ids, 'the order of the runs of the other one')
    },
  },
)

/** A delay that a keyed message can be held for `times` times over, in milliseconds. */
const heldFor = ({ timing, capabilities }: CaseContext, times: number): number =>
  Math.min(timing.delay, Math.floor(capabilities.limits.hold / times))

/** Of five messages of two keys in turn the first fails once; answers when all of them are acked. */
async function firstFails(it: CaseContext) {
  const delay = heldFor(it, 1)
  const orders = it.topic()
  const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [delay] } })
  const behaviour = failOnce<Sample>(message => message.data.n === 1)
  const seen = await it.collect(await it.open(), billing, behaviour)
  await it.publish(orders, 5, n => ({ key: n % 2 === 1 ? 'odd' : 'even' }))
  const within = it.timing.arrive + delay + it.timing.redeliver
  await it.until(() => seen.acked.length === 5, { within, what: 'all five to be acked' })
  return { seen, delay }
}
