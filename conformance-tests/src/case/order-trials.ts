import { type Discipline, lifo, type PublishOptions, priority } from '@pluribus/core'
import type { CaseContext } from './context.js'
import { equal } from './expect.js'
import { patience } from './patience.js'
import { untilAcked } from './until-acked.js'
import { upTo } from './up-to.js'

/** An order that is not that of publishing: what lifo and priority are tried with in the same way. */
export interface Order {
  readonly discipline: Discipline
  /** How the nth message is published. */
  readonly options: (n: number) => PublishOptions
  /** Of these messages, all waiting, which comes when. */
  readonly sorted: (numbers: readonly number[]) => readonly number[]
}

export const LATEST_FIRST: Order = {
  discipline: lifo(),
  options: () => ({}),
  sorted: numbers => numbers.toReversed(),
}

/** The nth message has this priority. */
export const mostUrgentFirst = (levels: number, priorityOf: (n: number) => number): Order => ({
  discipline: priority({ levels }),
  options: n => ({ priority: priorityOf(n) }),
  sorted: numbers => numbers.toSorted((a, b) => priorityOf(b) - priorityOf(a) || a - b),
})

/** Something for what waits to survive. */
export async function restarted(it: CaseContext): Promise<void> {
  await it.broker.kill()
  await it.broker.start()
}

/** What has waited while nobody was there comes in its order. `meanwhile`: what happens between publishing and consuming. */
export async function waited(
  it: CaseContext,
  order: Order,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline: order.discipline })
  const publisher = await it.open()
  await publisher.declare(billing)
  const count = it.size(30)
  const { receipts } = await publisher.publishMany(
    orders,
    upTo(count).map(n => ({ ...order.options(n), data: { n } })),
  )
  await publisher.close()
  await meanwhile()
  const seen = await it.collect(await it.open(), billing)
  const within = it.timing.recover + 3 * it.timing.arrive
  await it.until(() => seen.acked.length === receipts.length, { within, what: `${count} messages to be acked` })
  equal(seen.numbers, order.sorted(upTo(count)), 'the order of the runs')
}

/** What waits in the hands of its process is in order. */
export async function windowed(it: CaseContext, order: Order): Promise<void> {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline: order.discipline, timeout: patience(it) })
  const gate = it.gate()
  const broker = await it.open()
  const seen = await it.collect(broker, billing, () => gate.pass())
  await broker.publish(orders, { n: 0 })
  await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
  await it.publish(orders, 6, order.options)
  await it.elapse(it.timing.redeliver)
  gate.open()
  await untilAcked(it, 7, seen)
  equal(seen.numbers, [0, ...order.sorted(upTo(6))], 'the order of the runs')
}

/** Of ten that wait three run; the eleventh, which goes before all of them, is given the first slot that is free. */
export async function fetchesNothingAhead(it: CaseContext, order: Order): Promise<void> {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline: order.discipline })
  const broker = await it.open()
  await it.publish(orders, 10, order.options)
  const gates = new Map(upTo(11).map(n => [n, it.gate()]))
  const behaviour = ({ data }: { readonly data: { readonly n: number } }) => gates.get(data.n)?.pass()
  const seen = await it.collect(broker, billing, behaviour, { concurrency: 3, prefetch: 256 })
  await it.until(() => seen.running === 3, { what: 'three runs to begin' })
  await broker.publish(orders, { n: 11 }, order.options(11))
  const waiting = order.sorted(upTo(10))
  gates.get(waiting[1] ?? 0)?.open()
  await it.until(() => seen.runs.length === 4, { what: 'a fourth run to begin' })
  equal(seen.numbers, [...waiting.slice(0, 3), 11], 'the order of the runs')
  for (const gate of gates.values()) gate.open()
  await untilAcked(it, 11, seen)
  equal(seen.numbers.slice(4), waiting.slice(3), 'the order of the runs of the rest')
}

/** The first message comes last: while others keep coming it waits, and when they stop, it is run. */
export async function bottomComesLast(it: CaseContext, order: Order): Promise<void> {
  const orders = it.topic()
  const count = it.size(50)
  const billing = orders.subscription('billing', { discipline: order.discipline })
  await it.publish(orders, 2, order.options)
  const seen = await it.collect(await it.open(), billing, async ({ data: { n } }, context) => {
    if (n > 1 && n < count) await context.publish(orders, { n: n + 1 }, order.options(n + 1))
  })
  await untilAcked(it, count, seen)
  equal(seen.numbers, [...upTo(count).slice(1), 1], 'the order of the runs')
}

/**
 * The first of three is held by a consumer whose lease ends; meanwhile a fourth is published, which goes before all of them. Answers how
 * often each had been lost, in the order of the runs.
 */
export async function lostInOrder(it: CaseContext, order: Order): Promise<readonly number[]> {
  const { lease, redeliver } = it.timing
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline: order.discipline })
  const ids = await it.publish(orders, 3, order.options)
  const silent = await it.consume(billing)
  if (silent.source.renew === undefined) it.blocked('the source has no leases')
  const [first = 0] = order.sorted(upTo(3))
  equal((await silent.take(1))[0]?.message.id, ids[first - 1], 'what the silent consumer has taken')
  const broker = await it.open()
  await broker.publish(orders, { n: 4 }, order.options(4))
  await it.elapse(lease + redeliver)
  const seen = await it.collect(broker, billing)
  await untilAcked(it, 4, seen)
  equal(seen.numbers, order.sorted(upTo(4)), 'the order of the runs')
  return seen.runs.map(({ losses }) => losses)
}

/** Three publishers, two handlers, and pauses of chance; to be judged by what was handed out when. */
export async function publishedBySeveral(it: CaseContext, order: Omit<Order, 'sorted'>) {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline: order.discipline })
  const each = it.size(40)
  const pause = () => it.elapse(it.random() * (it.timing.delay / 50))
  const seen = await it.collect(await it.open(), billing, pause, { concurrency: 2 })
  await Promise.all(
    upTo(3).map(async () => {
      const publisher = await it.open()
      for (const n of upTo(each)) {
        await publisher.publish(orders, { n }, order.options(n))
        await pause()
      }
    }),
  )
  await untilAcked(it, 3 * each, seen)
  return { billing, seen }
}
