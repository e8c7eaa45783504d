import type { Delivery } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { Consumer } from '../case/consumer.js'
import type { CaseContext } from '../case/context.js'
import { check, equal, sameMembers } from '../case/expect.js'

/** Wake-ups and standing demand. Nobody here pulls but when woken, or when the time has come that a pull has named. */
export const WAK = defineCases(
  {
    id: 'WAK-01',
    title: 'whoever has found nothing is woken for what is published',
    promise: 'A pull that comes short is standing demand: when there is something, the source is woken, every time.',
    profile: 'core',
    guarantees: [14],
    async run(it) {
      const orders = it.topic()
      const consumer = await it.consume(orders.subscription('billing'))
      for (let round = 1; round <= it.size(20); round++) {
        const waiting = await dry(it, consumer)
        const [id] = await it.publish(orders, 1)
        const [delivery] = await whenWoken(it, waiting)
        equal(delivery?.message.id, id, `what is pulled after the wake-up of round ${round}`)
        if (delivery !== undefined) equal(await consumer.ack(delivery), [], 'exceptions of the ack')
      }
    },
  },
  {
    id: 'WAK-02',
    title: 'what is published while a pull is under way is pulled, or wakes',
    promise: 'Between a pull that finds nothing and the demand that it leaves nothing slips through.',
    profile: 'core',
    guarantees: [14],
    async run(it) {
      const orders = it.topic()
      const consumer = await it.consume(orders.subscription('billing'))
      for (let round = 1; round <= it.size(20); round++) {
        const waiting = await dry(it, consumer)
        const [found, [id]] = await Promise.all([consumer.pull(8), it.publish(orders, 1)])
        const [delivery] = found.length > 0 ? found : await whenWoken(it, waiting)
        equal(delivery?.message.id, id, `what came in round ${round}`)
        if (delivery !== undefined) equal(await consumer.ack(delivery), [], 'exceptions of the ack')
      }
    },
  },
  {
    id: 'WAK-03',
    title: 'what is given back wakes whoever waits for work',
    promise: 'A release makes a message ready for others: one of those that have found nothing is woken.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const holder = await it.consume(billing)
      const held = await holder.next()
      const other = await it.consume(billing)
      const waiting = await dry(it, other)
      equal(await holder.release(held), [], 'exceptions of the release')
      equal((await whenWoken(it, waiting))[0]?.message.id, held.message.id, 'what is pulled after the wake-up')
    },
  },
  {
    id: 'WAK-04',
    title: 'what becomes due is announced, by a wake-up or by the time that a pull names',
    promise: 'For what only time makes ready, a pull says when to come again, or the source is woken then.',
    profile: 'full',
    guarantees: [14],
    needs: { not: 'delay:none' },
    proves: ['delay:native', 'delay:emulated'],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const { delay, redeliver } = it.timing
      const orders = it.topic()
      const consumer = await it.consume(orders.subscription('billing'))
      const waiting = await dry(it, consumer)
      const [id] = await it.publish(orders, 1, () => ({ delay }))
      const [delivery] = await whenWoken(it, waiting, { within: delay + it.capabilities.delayTick + redeliver })
      equal(delivery?.message.id, id, 'what came when it was due')
    },
  },
  {
    id: 'WAK-05',
    title: 'pull(0) takes the demand back, and somebody else is woken',
    promise: 'A source that wants nothing any more keeps nothing from the others: neither messages nor wake-ups.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [idle, other] = [await it.consume(billing), await it.consume(billing)]
      for (const consumer of [idle, other]) await dry(it, consumer)
      for (let round = 1; round <= it.size(10); round++) {
        equal((await idle.source.pull(0)).deliveries, [], 'what a pull of nothing brings')
        const waiting = await dry(it, other)
        const [id] = await it.publish(orders, 1)
        const [delivery] = await whenWoken(it, waiting)
        equal(delivery?.message.id, id, `what the other one is given in round ${round}`)
        if (delivery !== undefined) equal(await other.ack(delivery), [], 'exceptions of the ack')
      }
    },
  },
  {
    id: 'WAK-06',
    title: 'five that want one each get one each of five',
    promise: 'Who is woken and leaves something hands the wake-up on: nobody sleeps beside a message that is ready.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const consumers: Consumer[] = []
      for (let count = 1; count <= 5; count++) consumers.push(await it.consume(billing))
      const waiting: Waiting[] = []
      for (const consumer of consumers) waiting.push(await dry(it, consumer, 1))
      const ids = await it.publish(orders, 5)
      const taken = await Promise.all(waiting.map(each => whenWoken(it, each, { max: 1 })))
      equal(
        taken.map(({ length }) => length),
        [1, 1, 1, 1, 1],
        'how many each was given',
      )
      sameMembers(
        taken.flat().map(({ message }) => message.id),
        ids,
        'what they were given',
      )
    },
  },
  {
    id: 'WAK-07',
    title: 'who is woken and goes away instead leaves the work to others',
    promise: 'A source that closes after a wake-up, and before it has pulled, takes nobody else to sleep with it.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [leaving, staying] = [await it.consume(billing), await it.consume(billing)]
      const waiting = [await dry(it, leaving, 1), await dry(it, staying, 1)] as const
      const [id] = await it.publish(orders, 1)
      await it.until(() => waiting.some(each => isRoused(it, each)), { what: 'one of the two to be woken' })
      await leaving.close()
      const [delivery] = await whenWoken(it, waiting[1])
      equal(delivery?.message.id, id, 'what the one that stays is given')
    },
  },
  {
    id: 'WAK-08',
    title: 'a key that is freed wakes whoever waits for its next message',
    promise: 'Settling a keyed message makes the next of its key ready: one of those that have found nothing is woken.',
    profile: 'full',
    needs: ['competing:message', { any: ['keys:key', 'keys:window'] }],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 2, () => ({ key: 'one' }))
      const holder = await it.consume(billing)
      const held = await holder.next()
      const other = await it.consume(billing)
      const waiting = await dry(it, other)
      equal(await holder.ack(held), [], 'exceptions of the ack')
      equal((await whenWoken(it, waiting))[0]?.message.id, ids[1], 'what is pulled after the wake-up')
    },
  },
  {
    id: 'WAK-09',
    title: 'what is redriven wakes whoever waits for work',
    promise: 'A redrive makes dead letters ready again: a source that has found nothing is woken for them.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const consumer = await it.consume(billing)
      equal(await consumer.reject(await consumer.next()), [], 'exceptions of the reject')
      const waiting = await dry(it, consumer)
      const { redriven } = await (await it.open()).redrive(billing)
      equal(redriven, 1, 'how many were redriven')
      equal((await whenWoken(it, waiting))[0]?.message.id, id, 'what is pulled after the wake-up')
    },
  },
  {
    id: 'WAK-10',
    title: 'a wake-up that overtakes the answer of a pull is not forgotten',
    promise: 'A consumer that is woken while it still waits for a pull that found nothing pulls again at once.',
    profile: 'full',
    guarantees: [14],
    budget: ({ quiet, delay }) => 5 * (quiet + delay),
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      for (let round = 1; round <= 5; round++) {
        // No pull is under way any more.
        await it.elapse(it.timing.quiet)
        const pulls = adapter.executed('pull')
        const letGo = adapter.hold('pull', { side: 'reply' })
        const [first = ''] = await it.publish(orders, 1)
        await it.until(() => adapter.executed('pull') > pulls, { what: `a pull in round ${round}` })
        const [second = ''] = await it.publish(orders, 1)
        await it.elapse(it.timing.delay / 10)
        letGo()
        const what = `both messages of round ${round} to be acked`
        await it.until(() => seen.acked.includes(first) && seen.acked.includes(second), { what })
      }
    },
  },
)

/** A consumer that has found nothing. */
interface Waiting {
  readonly consumer: Consumer
  /** How often it had been woken by then. */
  readonly woken: number
  /** When to look again even if nobody wakes it, by the monotonic clock. */
  readonly due: number
}

/** Pulls until there is nothing: then as many as the last pull was for are wanted. */
async function dry(it: CaseContext, consumer: Consumer, max = 8): Promise<Waiting> {
  for (;;) {
    const { deliveries, more, dueIn = Number.POSITIVE_INFINITY } = await consumer.source.pull(max)
    check(deliveries.length === 0, `there was ${deliveries[0]?.message.id}, where nothing was due`)
    if (more !== true) return { consumer, woken: consumer.wakes, due: it.clock.monotonic() + dueIn }
  }
}

/** It is to look again: somebody has woken it, or it is time. */
const isRoused = (it: CaseContext, { consumer, woken, due }: Waiting): boolean =>
  consumer.wakes > woken || it.clock.monotonic() >= due

/** Pulls whenever it is to look again, until something comes. */
async function whenWoken(
  it: CaseContext,
  waiting: Waiting,
  { within = it.timing.arrive, max = 8 }: { readonly within?: number; readonly max?: number } = {},
): Promise<readonly Delivery[]> {
  const { consumer } = waiting
  const deadline = it.clock.monotonic() + within
  for (let now = waiting; ; ) {
    const left = deadline - it.clock.monotonic()
    await it.until(() => isRoused(it, now), { within: left, what: 'a source that has found nothing to be woken' })
    const woken = consumer.wakes
    const { deliveries, dueIn = Number.POSITIVE_INFINITY, more } = await consumer.source.pull(max)
    if (deliveries.length > 0) return deliveries
    now = { consumer, woken, due: it.clock.monotonic() + (more === true ? 0 : dueIn) }
  }
}
