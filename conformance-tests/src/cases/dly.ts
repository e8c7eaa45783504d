import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { upTo } from '../case/up-to.js'
import { dateAt, HOUR } from '../case/wall-clock.js'
import { whenDue } from '../case/when-due.js'
import { DLY_MORE } from './dly-more.js'

const DELAYED = { needs: { not: 'delay:none' }, refusal: 'REF-delay' } as const

/** The run of a message began when its delay was over: not earlier, and soon after. */
function onTime(
  it: CaseContext,
  seen: Collector,
  id: string,
  published: { asked: number; stored: number },
  delay: number,
) {
  const [run] = seen.runsOf(id)
  check(run !== undefined, `message ${id}, delayed by ${delay} ms, has not come`)
  const since = run.startedAt - published.asked
  check(since >= delay, `a message that was delayed by ${delay} ms came ${since} ms after it was published`)
  const { arrive } = it.timing
  between(run.startedAt - published.stored, 0, delay + it.capabilities.delayTick + arrive, 'milliseconds until it came')
}

/** Delayed messages. */
export const DLY = defineCases(
  {
    ...DELAYED,
    id: 'DLY-01',
    title: 'a delayed message comes when it is due',
    promise: 'A delayed message is not run before its delay is over, to the millisecond, and little later.',
    profile: 'core',
    proves: ['delay:native', 'delay:emulated', 'delayTick'],
    budget: ({ delay }) => 2 * delay,
    async run(it) {
      const orders = it.topic()
      const publisher = await it.open()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const published: [string, { asked: number; stored: number }, number][] = []
      for (const _ of upTo(10)) {
        const delay = Math.ceil(it.timing.delay * (1 + it.random()))
        const asked = it.clock.monotonic()
        const { id } = await publisher.publish(orders, { n: 1 }, { delay })
        published.push([id, { asked, stored: it.clock.monotonic() }, delay])
      }
      const within = it.timing.delay + whenDue(it) + it.timing.arrive
      await it.until(() => seen.acked.length === published.length, { within, what: 'all to be acked' })
      for (const [id, when, delay] of published) onTime(it, seen, id, when, delay)
    },
  },
  {
    ...DELAYED,
    id: 'DLY-02',
    title: 'a long delay does not hold up a short one',
    promise: 'A message that was published later with a shorter delay comes first, when it is due.',
    profile: 'core',
    proves: ['delay:native', 'delay:emulated'],
    budget: ({ delay, arrive }) => 4 * (delay + arrive),
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const publisher = await it.open()
      // Long enough for the short one to be there, however late it may be.
      const long = 2 * (it.timing.delay + it.timing.arrive)
      await publisher.publish(orders, { n: 1 }, { delay: long })
      const asked = it.clock.monotonic()
      const { id } = await publisher.publish(orders, { n: 2 }, { delay: it.timing.delay })
      const stored = it.clock.monotonic()
      await it.until(() => seen.acked.length === 2, { within: long + whenDue(it), what: 'both to be acked' })
      equal(seen.numbers, [2, 1], 'the order of the runs, 2 being the one with the short delay')
      onTime(it, seen, id, { asked, stored }, it.timing.delay)
    },
  },
  {
    id: 'DLY-03',
    title: 'what is due together comes in order',
    promise: 'Messages of one batch with the same delay come in the order of publishing.',
    profile: 'full',
    needs: ['fifo:exact', { not: 'delay:none' }],
    budget: ({ delay }) => delay,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const count = it.size(50)
      await it.publish(orders, count, () => ({ delay: it.timing.delay }))
      const within = whenDue(it) + it.timing.arrive
      await it.until(() => seen.acked.length === count, { within, what: `${count} messages to be acked` })
      equal(seen.numbers, upTo(count), 'the order of the runs')
    },
  },
  {
    ...DELAYED,
    id: 'DLY-04',
    title: 'every legal delay is kept, every other refused',
    promise:
      'No delay and a past time mean at once; ten years is legal; what is no length of time is refused, unstored.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      for (const illegal of [-1, Number.NaN, Number.POSITIVE_INFINITY, '3651d', 'soon', '5', null]) {
        const options = { delay: illegal } as object
        await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 0 }, options))
      }
      for (const illegal of [dateAt(Number.NaN), -1, Number.NaN, '2030-01-01T00:00:00', 'tomorrow', null]) {
        const options = { deliverAt: illegal } as object
        await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 0 }, options))
      }
      await it.rejects('INVALID_ARGUMENT', () =>
        broker.publish(orders, { n: 0 }, { delay: 1, deliverAt: it.clock.now() }),
      )
      await broker.publish(orders, { n: 1 }, { delay: '3650d' })
      await broker.publish(orders, { n: 2 }, { delay: 0 })
      await broker.publish(orders, { n: 3 }, { deliverAt: it.clock.now() - it.timing.delay })
      await it.until(() => seen.acked.length === 2, { what: 'the two that are due at once to be acked' })
      await it.silence(seen)
      sameMembers(seen.numbers, [2, 3], 'what came')
    },
  },
  {
    ...DELAYED,
    id: 'DLY-05',
    title: 'a date, milliseconds and text mean one instant',
    promise: '`deliverAt` takes a date, milliseconds since the epoch, or ISO text of any zone: none comes before it.',
    profile: 'full',
    budget: ({ delay }) => 2 * delay,
    async run(it) {
      const orders = it.topic()
      const begun: number[] = []
      const seen = await it.collect(await it.open(), orders.subscription('billing'), () => {
        begun.push(it.clock.now())
      })
      const publisher = await it.open()
      const instant = it.clock.now() + 2 * it.timing.delay
      const elsewhere = dateAt(instant + 2 * HOUR)
        .toISOString()
        .replace('Z', '+02:00')
      for (const deliverAt of [dateAt(instant), instant, dateAt(instant).toISOString(), elsewhere]) {
        await publisher.publish(orders, { n: 1 }, { deliverAt })
      }
      const within = it.timing.delay + whenDue(it) + it.timing.arrive
      await it.until(() => seen.acked.length === 4, { within, what: 'four messages to be acked' })
      const early = begun.filter(time => time < instant).map(time => instant - time)
      equal(early, [], 'by how many milliseconds some came before the instant')
    },
  },
  {
    id: 'DLY-07',
    title: 'what is delayed is seen as delayed, and as nothing else',
    promise: 'A delayed message counts as scheduled until it is due, and as waiting from then on.',
    profile: 'full',
    needs: [{ not: 'delay:none' }, 'counts:scheduled', 'counts:waiting'],
    proves: ['counts:scheduled', 'counts:waiting'],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      await broker.declare(billing)
      await it.publish(orders, 5, n => (n > 3 ? { delay: it.timing.delay } : {}))
      const before = await broker.counts(billing)
      equal([before.waiting, before.scheduled], [3, 2], 'waiting and scheduled before they are due')
      await it.elapse(whenDue(it))
      const after = await broker.counts(billing)
      equal([after.waiting, after.scheduled], [5, 0], 'waiting and scheduled when they are due')
    },
  },
  ...DLY_MORE,
)
