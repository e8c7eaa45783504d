import { fifo, lifo, priority } from '@pluribus/core'
import type { Discipline } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { between, check, equal } from '../case/expect.js'
import { stopwatch } from '../case/stopwatch.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** How many times as much waits in the long backlog; looking at all of it each time would take up to as many times as long. */
const TIMES = 32
/** Far from one, so that a busy machine does not matter, and from `TIMES`, so that a look that is cheap beside the rest does. */
const MOST_RATIO = 4
const CHUNKS = 4
const ATTEMPTS = 5

/** Milliseconds for one message at the front of a backlog, pulled and acked: the best of several chunks. */
async function timeAtTheFront(it: CaseContext, discipline: Discipline, count: number, chunk: number): Promise<number> {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline })
  const consumer = await it.consume(billing)
  await it.publish(orders, count, n => (discipline.kind === 'priority' ? { priority: n % 2 } : {}))
  const times: number[] = []
  for (const _ of upTo(CHUNKS)) {
    const time = await stopwatch(it, async () => {
      for (let left = chunk; left > 0; ) {
        const deliveries = await consumer.take(Math.min(left, 4))
        equal(await consumer.ack(...deliveries), [], 'exceptions of an ack')
        left -= deliveries.length
      }
    })
    times.push(time / chunk)
  }
  await consumer.close()
  // The rest need not be looked at.
  await (await it.open()).remove(billing)
  return Math.min(...times)
}

/** What a message costs does not grow with what waits behind it. */
async function scales(it: CaseContext, discipline: Discipline): Promise<void> {
  const size = it.size(200)
  const chunk = Math.floor(size / CHUNKS)
  // The first time is for the machine to warm up.
  await timeAtTheFront(it, discipline, size, chunk)
  let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let ratio = Number.POSITIVE_INFINITY
  // A machine that is busy with something else is no proof: what does not scale is slow every time.
  for (let attempt = 1; attempt <= ATTEMPTS && ratio > MOST_RATIO; attempt++) {
    short = Math.min(short, await timeAtTheFront(it, discipline, size, chunk))
    long = Math.min(long, await timeAtTheFront(it, discipline, TIMES * size, chunk))
    ratio = long / short
  }
  const what = `${discipline.kind}: with ${TIMES * size} waiting, a message takes`
  check(ratio <= MOST_RATIO, `${what} ${ratio.toFixed(1)} times as long as with ${size}`)
}

/** What a broker would be too slow with. Figures are the business of benchmarks; here are shapes. */
export const SMK = defineCases(
  {
    id: 'SMK-03',
    title: 'a long backlog is not slower than a short one',
    promise: 'Draining takes about as long per message, however many wait.',
    profile: 'full',
    exclusive: true,
    run: it => scales(it, fifo()),
  },
  {
    id: 'SMK-04',
    title: 'idle consumers ask for nothing',
    promise: 'While nothing is published, consumers wait to be woken: there is no loop that asks again and again.',
    profile: 'full',
    budget: ({ quiet }) => 20 * quiet,
    async run(it) {
      const broker = await it.open()
      const topics = upTo(5).map(() => it.topic())
      const seen = await Promise.all(topics.map(orders => it.collect(broker, orders.subscription('billing'))))
      for (const orders of topics) await it.publish(orders, 1)
      await untilAcked(it, 5, ...seen)
      await it.elapse(it.timing.quiet)
      const before = it.history.events.length
      const periods = 18
      await it.elapse(periods * it.timing.quiet)
      const pulls = it.history.events.slice(before).filter(({ kind }) => kind === 'pull').length
      between(pulls, 0, periods * seen.length, `pulls of ${seen.length} idle consumers in ${periods} quiet periods`)
    },
  },
  {
    id: 'SMK-05',
    title: 'no discipline is slower with a long backlog',
    promise: 'By lifo and by priority too, draining takes about as long per message, however many wait.',
    profile: 'full',
    needs: ['lifo:exact', 'priority:exact'],
    exclusive: true,
    async run(it) {
      await scales(it, lifo())
      await scales(it, priority({ levels: 2 }))
    },
  },
  {
    id: 'SMK-06',
    title: 'sixty topics',
    promise: 'Many topics and subscriptions beside each other work like one.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const topics = upTo(it.size(60)).map(() => it.topic())
      const seen = await Promise.all(topics.map(orders => it.collect(broker, orders.subscription('billing'))))
      await Promise.all(topics.map((orders, n) => broker.publish(orders, { n })))
      await untilAcked(it, topics.length, ...seen)
      equal(
        seen.map(({ numbers }) => numbers),
        topics.map((_, n) => [n]),
        'what came to each',
      )
    },
  },
)
