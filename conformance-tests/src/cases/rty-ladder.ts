import { DEAD_REASONS, reject, retry } from '@pluribus/core'
import { all } from '../case/all.js'
import { type Behaviour, failAlways, failOnce } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { countsBecome } from '../case/counts-become.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { gapsOf } from '../case/gaps.js'
import type { Sample } from '../case/sample.js'

/** Retry policy: when the next attempt comes. */
export const RTY_LADDER = defineCases(
  {
    id: 'RTY-06',
    title: 'the ladder is climbed step by step, and its last step repeats',
    promise: 'Before attempt n there is the delay of step n - 1; where the ladder ends, its last delay is used again.',
    profile: 'full',
    proves: ['delayTick'],
    budget: ({ delay, redeliver }) => 8 * delay + 4 * redeliver,
    async run(it) {
      const { delay, redeliver, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 5, delays: [delay, 2 * delay] } })
      const seen = await it.collect(await it.open(), billing, failAlways())
      const [id = ''] = await it.publish(orders, 1)
      const within = arrive + 7 * delay + 4 * redeliver
      await it.until(() => seen.dead.length === 1, { within, what: 'the message to be dead after five attempts' })
      wereDelays(it, gapsOf(seen, id), [delay, 2 * delay, 2 * delay, 2 * delay])
    },
  },
  {
    id: 'RTY-08',
    title: 'retries without delay keep nobody from being served',
    promise:
      'A message that always fails, and is tried again at once, uses up its attempts and no more; all others are handled.',
    profile: 'full',
    budget: ({ arrive }) => arrive,
    async run(it) {
      const orders = it.topic()
      const attempts = it.size(50)
      const billing = orders.subscription('billing', { retry: { attempts, delays: [] } })
      const seen = await it.collect(
        await it.open(),
        billing,
        failAlways(({ data }) => data.n === 2),
      )
      const [, poison, ...healthy] = await it.publish(orders, 10)
      const isOver = () => seen.dead.length === 1 && seen.acked.length === 9
      await it.until(isOver, { what: `nine messages to be acked and one to be dead after ${attempts} attempts` })
      equal(seen.runsOf(poison ?? '').length, attempts, 'how often the failing message was run')
      equal(seen.acked.slice(1), healthy, 'what was acked behind it, in order')
    },
  },
  {
    id: 'RTY-09',
    title: 'a handler may say when, or never again',
    promise:
      'An outcome `retry({ after })` goes before the ladder, given at once or later; `reject` ends it. Each counts as said.',
    profile: 'full',
    budget: ({ delay, redeliver }) => 4 * delay + 3 * redeliver,
    async run(it) {
      const { delay, redeliver, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 5, delays: [2 * delay] } })
      const behaviour: Behaviour<Sample> = async (_, { attempt }) => {
        if (attempt === 1) return retry({ after: delay, reason: 'BUSY' })
        await it.elapse(delay / 10)
        return attempt === 2 ? retry() : reject('STOP')
      }
      const broker = await it.open()
      const seen = await it.collect(broker, billing, behaviour)
      const [id = ''] = await it.publish(orders, 1)
      const within = arrive + 3 * delay + 2 * redeliver
      await it.until(() => seen.dead.length === 1, { within, what: 'the message to be rejected on attempt 3' })
      wereDelays(it, gapsOf(seen, id), [delay, 2 * delay])
      const [dead] = await all(broker.deadLetters(billing))
      equal([dead?.reason, dead?.attempts], ['STOP', 2], 'the reason and the failed runs of the dead letter')
      equal(
        dead?.errors.map(({ code, attempt }) => [code, attempt]),
        [
          ['BUSY', 1],
          ['RETRY', 2],
        ],
        'the errors that it keeps: code and attempt',
      )
    },
  },
  {
    id: 'RTY-12',
    title: 'what waits for its retry holds no slot',
    promise: 'With one handler and nothing fetched ahead, messages are run while others wait for their next attempt.',
    profile: 'full',
    proves: ['counts:retrying'],
    budget: ({ delay, redeliver, arrive }) => arrive + 4 * delay + redeliver,
    async run(it) {
      const delay = 4 * it.timing.delay
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [delay] } })
      const broker = await it.open()
      const behaviour: Behaviour<Sample> = failOnce(({ data }) => data.n <= 3)
      const seen = await it.collect(broker, billing, behaviour, { prefetch: 0 })
      await it.publish(orders, 10)
      await it.until(() => seen.acked.length === 7, { what: 'seven messages to be acked while three wait' })
      equal(
        seen.numbers,
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        'the runs until seven messages were acked, while three wait for their retry',
      )
      await countsBecome(it, { broker, subscription: billing }, { retrying: 3 })
      const within = it.timing.arrive + delay + it.timing.redeliver
      await it.until(() => seen.acked.length === 10, { within, what: 'the three to be acked as well' })
    },
  },
  {
    id: 'RTY-13',
    title: 'a long delay does not hold up a short one',
    promise: 'A message whose retry is far away does not delay one behind it whose retry is near.',
    profile: 'full',
    budget: ({ delay, redeliver, arrive }) => arrive + 20 * delay + 2 * redeliver,
    async run(it) {
      const { delay, redeliver, arrive } = it.timing
      const orders = it.topic()
      const after = (n: number) => (n === 1 ? 5 * delay + redeliver : delay)
      const seen = await it.collect(await it.open(), orders.subscription('billing'), ({ data: { n } }, { attempt }) =>
        attempt === 1 ? retry({ after: after(n) }) : undefined,
      )
      const [long = '', short = ''] = await it.publish(orders, 2)
      const within = arrive + delay + redeliver
      await it.until(() => seen.acked.length === 1, { within, what: 'the message with the short delay to be acked' })
      equal(seen.acked, [short], 'which of the two is acked first')
      wereDelays(it, gapsOf(seen, short), [after(2)])
      const rest = arrive + after(1) + redeliver
      await it.until(() => seen.acked.length === 2, {
        within: rest,
        what: 'the message with the long delay to be acked',
      })
      wereDelays(it, gapsOf(seen, long), [after(1)])
    },
  },
  {
    id: 'RTY-16',
    title: 'each subscription counts its own attempts',
    promise: 'A message that dies in one subscription after two attempts may have four in another.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const budgets = [2, 4, 1]
      const seen: Collector[] = []
      for (const attempts of budgets) {
        const name = `after-${attempts}`
        const subscription = orders.subscription(name, { retry: { attempts, delays: [] } })
        seen.push(await it.collect(broker, subscription, () => Promise.reject(new Error('always'))))
      }
      await it.publish(orders, 1)
      await it.until(() => seen.every(({ dead }) => dead.length === 1), { what: 'it to be dead everywhere' })
      equal(
        seen.map(({ attempts }) => attempts.length),
        budgets,
        'the attempts in each of the subscriptions',
      )
    },
  },
  {
    id: 'RTY-18',
    title: 'who says nothing gets five attempts, not infinitely many',
    promise: 'A subscription without a number of attempts gives a message up after five failed runs.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, failAlways())
      await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      await it.silence(seen)
      equal(seen.attempts, [1, 2, 3, 4, 5], 'its attempts')
    },
  },
  {
    id: 'RTY-19',
    title: 'a handler that asks for retries runs out of them',
    promise:
      'An outcome `retry()` is a failed run: after the last attempt the message is dead, with the reasons that were given.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, (_, { attempt }) => retry({ reason: `BUSY-${attempt}` }))
      await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead after three attempts' })
      const [dead] = await all(broker.deadLetters(billing))
      equal([dead?.reason, dead?.attempts], [DEAD_REASONS.EXHAUSTED, 3], 'the reason and the failed runs')
      sameMembers(dead?.errors.map(({ code }) => code) ?? [], ['BUSY-1', 'BUSY-2', 'BUSY-3'], 'the codes of its errors')
    },
  },
)

/** Each gap is its delay or a little more, never less. */
function wereDelays(it: CaseContext, gaps: readonly number[], delays: readonly number[]): void {
  equal(gaps.length, delays.length, 'how many attempts there were after the first')
  const most = it.capabilities.delayTick + it.timing.redeliver
  for (const [index, delay] of delays.entries()) {
    const gap = gaps[index]
    check(gap !== undefined, `there is no attempt ${index + 2}`)
    between(gap, delay, delay + most, `milliseconds before attempt ${index + 2}`)
  }
}
