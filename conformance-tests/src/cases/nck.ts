import { reject } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { equal, sameMembers } from '../case/expect.js'

/** Retrying, rejecting, releasing. */
export const NCK = defineCases(
  {
    id: 'NCK-02',
    title: 'two of a hundred fail once',
    promise:
      'A failed run is tried again, and nothing else is: all are acked in the end, the failed ones on attempt 2.',
    profile: 'core',
    needs: { not: 'delay:none' },
    budget: ({ redeliver, delay }) => redeliver + delay,
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const fails = (n: number) => n === 3 || n === count
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [it.timing.delay] } })
      const seen = await it.collect(await it.open(), billing, (message, { attempt }) => {
        if (fails(message.data.n) && attempt === 1) throw new Error('once')
      })
      const ids = await it.publish(orders, count)
      const within = it.timing.arrive + it.timing.delay + it.timing.redeliver
      await it.until(() => seen.acked.length === count, { within, what: `${count} messages to be acked` })
      sameMembers(seen.acked, ids, 'what was acked')
      const again = seen.runs.filter(({ attempt }) => attempt > 1).map(({ message }) => message.data as { n: number })
      sameMembers(
        again.map(({ n }) => n),
        [3, count],
        'what was tried again',
      )
    },
  },
  {
    id: 'NCK-08',
    title: 'a reject kills at once',
    promise: 'A rejected message is dead-lettered with its reason, whatever attempts are left, and never run again.',
    profile: 'full',
    guarantees: [6],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing, () => reject('NO_CREDIT'))
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead-lettered' })
      await it.silence(seen)
      equal(seen.attempts, [1], 'attempts')
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message, reason }) => [message.id, reason]),
        [[ids[0], 'NO_CREDIT']],
        'the dead letters',
      )
    },
  },
  {
    id: 'NCK-09',
    title: 'a release costs no attempt',
    promise: 'A released message is handed out again with the attempt that it had.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const consumer = await it.consume(billing)
      for (let round = 1; round <= 3; round++) {
        const delivery = await consumer.next(it.timing.redeliver)
        equal([delivery.message.id, delivery.attempt], [id, 1], `id and attempt in round ${round}`)
        equal(await consumer.release(delivery), [], 'exceptions of a release')
      }
    },
  },
)
