import type { Subscription, Topic } from '@pluribus/core'
import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { Consumer } from '../case/consumer.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'
import { needsLeases } from '../case/leases.js'
import { lose } from '../case/lose.js'
import type { Sample } from '../case/sample.js'
import type { Expression } from '../claims/expression.js'

/** Each message is somebody's, and the broker knows whose. */
const LEASED: Expression = ['competing:message', 'fencing:exact']

/** Generations of connections and sources: what goes over from one source of a consumer to the next. */
export const GEN_TRANSFER = defineCases(
  {
    id: 'GEN-07',
    title: 'what went over comes first, a little at a time if so asked, and waits for nobody else meanwhile',
    promise:
      'The next source hands out what it took over, in its order, before anything newer; the rest stays its own.',
    profile: 'core',
    guarantees: [5, 8],
    needs: [...LEASED, 'fifo:exact'],
    async run(it) {
      const { orders, billing, ids, first } = await held(it, 3)
      const later = await it.publish(orders, 2)
      const other = await it.consume(billing)
      const second = await next(it, first, billing)
      const one = await second.take(1)
      const others = await other.take(2)
      equal(
        others.map(({ message }) => message.id),
        later,
        'what another process is given while two of three are still to be pulled',
      )
      const rest = await second.take(2)
      equal(
        [...one, ...rest].map(({ message, attempt, losses }) => [message.id, attempt, losses]),
        ids.map(id => [id, 1, 0]),
        'ids, attempts and losses of what went over',
      )
      equal(await second.ack(...one, ...rest), [], 'exceptions of the acks of what went over')
      equal(await other.ack(...others), [], 'exceptions of the acks of the rest')
    },
  },
  {
    id: 'GEN-08',
    title: 'an open that comes after that of a later generation takes nothing',
    promise: 'What a slow network delivers late is refused: the newest source of a consumer keeps what it has.',
    profile: 'full',
    guarantees: [7, 11],
    needs: LEASED,
    async run(it) {
      const { billing, first } = await held(it, 2)
      const third = await next(it, first, billing, 3)
      const opened = await next(it, first, billing, 2).then(
        () => 'resolved',
        () => 'rejected',
      )
      equal(opened, 'rejected', 'opening generation 2 after generation 3')
      const taken = await third.take(2)
      equal(await third.ack(...taken), [], 'exceptions of the acks of generation 3')
    },
  },
  {
    id: 'GEN-09',
    title: 'what went over and was never pulled is given back by closing, and lost by dying: once',
    promise: 'A source owns what it took over, pulled or not: closing counts nothing, the end of the lease one loss.',
    profile: 'full',
    guarantees: [5, 13],
    needs: [...LEASED, 'losses:marked'],
    budget: ({ lease, redeliver }) => 2 * (lease + redeliver),
    async run(it) {
      const { billing, ids, first } = await held(it, 1)
      const second = await next(it, first, billing)
      await second.close()
      const third = await next(it, second, billing, 3)
      const [back] = await third.take(1)
      equal([back?.message.id, back?.losses], [ids[0], 0], 'id and losses of what was given back')
      // Never pulled, never renewed: it ends with its lease.
      await next(it, third, billing, 4)
      const other = await it.consume(billing)
      const lost = await other.next(it.timing.lease + it.timing.redeliver)
      equal([lost.message.id, lost.attempt, lost.losses], [ids[0], 1, 1], 'id, attempt and losses after the lease')
    },
  },
  {
    id: 'GEN-10',
    title: 'a suspect goes over with its mark',
    promise:
      'A marked suspect whose connection breaks is still marked with the next source: dying then is one marked loss.',
    profile: 'full',
    guarantees: [5],
    needs: [...LEASED, 'losses:marked'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver }) => 5 * (lease + redeliver),
    async run(it) {
      const within = it.timing.lease + it.timing.redeliver
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      await lose(it, billing, SUSPECT_AFTER)
      const first = await it.consume(billing, { consumer: { id: 1, generation: 1 } })
      await first.source.mark(await first.next(within))
      const second = await next(it, first, billing)
      const [over] = await second.take(1)
      equal([over?.losses, over?.marks, over?.suspect], [SUSPECT_AFTER, 0, true], 'what went over')
      const after = await (await it.consume(billing)).next(within)
      equal([after.losses, after.marks], [SUSPECT_AFTER + 1, 1], 'losses and marks when the next source has died')
    },
  },
  {
    id: 'GEN-11',
    title: 'a key stays closed while its message goes over',
    promise:
      'Between two sources of a consumer the next message of a key is nobody’s: not before the first is settled.',
    profile: 'full',
    guarantees: [7, 8],
    needs: [...LEASED, { any: ['keys:key', 'keys:window'] }],
    async run(it) {
      const { billing, ids, first } = await held(it, 1, 2, 'one')
      const other = await it.consume(billing)
      const second = await next(it, first, billing)
      equal(await other.pull(), [], 'what another process is given of the key meanwhile')
      const [over] = await second.take(1)
      check(over !== undefined, 'nothing went over')
      equal(await second.ack(over), [], 'exceptions of the ack')
      equal((await other.next()).message.id, ids[1], 'what comes when the first is acked')
    },
  },
  {
    id: 'GEN-12',
    title: 'two consumers of one process take nothing from each other',
    promise: 'What goes over is what the same consumer held: another one of its process keeps its own.',
    profile: 'full',
    guarantees: [7],
    needs: LEASED,
    async run(it) {
      const { billing, first } = await held(it, 2)
      const other = await it.consume(billing, { connection: first.connection, consumer: { id: 2, generation: 1 } })
      equal([other.transferred, (await other.pull()).length], [0, 0], 'what the other consumer took over, and is given')
      const second = await next(it, first, billing)
      const taken = await second.take(2)
      equal(await second.ack(...taken), [], 'exceptions of the acks')
    },
  },
  {
    id: 'GEN-13',
    title: 'a cut in mid-stream changes no order, and delays nothing for a lease',
    promise:
      'After a cut what was fetched and not begun is begun before anything newer, as soon as the connection is back.',
    profile: 'core',
    guarantees: [8, 14],
    needs: ['competing:message', 'fifo:exact'],
    budget: ({ recover, arrive }) => 2 * recover + 2 * arrive,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const billing = orders.subscription('billing', { timeout: 2 * (it.timing.recover + it.timing.lease) })
      const seen = await it.collect(broker, billing, () => gate.pass())
      needsLeases(it)
      const ids = await it.publish(orders, 20)
      await it.until(() => adapter.held.length === 20, { what: 'all twenty to be fetched' })
      adapter.cut()
      const later = await it.publish(orders, 5)
      const cut = it.clock.monotonic()
      await it.until(() => adapter.generation === 2 && seen.handle.state === 'consuming', {
        within: it.timing.recover,
        what: 'the consumer to be back',
      })
      gate.open()
      await it.until(() => seen.acked.length === 25, { within: it.timing.recover, what: 'all to be acked' })
      equal(seen.ids, [...ids, ...later], 'the order of the runs')
      const took = (seen.runs[1]?.startedAt ?? Number.POSITIVE_INFINITY) - cut
      check(took < Math.max(it.timing.lease, it.timing.recover), `it took ${took} ms until work went on`)
    },
  },
)

/** What the first source of a consumer holds, of a topic with `count` messages. */
async function held(it: CaseContext, taken: number, count = taken, key?: string) {
  const orders: Topic<Sample> = it.topic()
  const billing = orders.subscription('billing')
  const ids = await it.publish(orders, count, () => (key === undefined ? {} : { key }))
  const first = await it.consume(billing, { consumer: { id: 1, generation: 1 } })
  needsLeases(it)
  await first.take(taken)
  return { orders, billing, ids, first }
}

/** The next source of a consumer, on another connection of its process. */
async function next(
  it: CaseContext,
  before: Consumer,
  subscription: Subscription<unknown>,
  generation = 2,
): Promise<Consumer> {
  const connection = await it.connect({ like: before.connection })
  return it.consume(subscription, { connection, consumer: { id: 1, generation } })
}
