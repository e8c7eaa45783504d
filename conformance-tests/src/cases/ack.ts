import { all } from '../case/all.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { shuffled } from '../case/random.js'
import { untilAcked } from '../case/until-acked.js'

/** Acknowledging. */
export const ACK = defineCases(
  {
    id: 'ACK-01',
    title: 'what is acked does not come back',
    promise:
      'An acked message is not delivered again: not to a new consumer, not by another process, not after two leases.',
    profile: 'core',
    guarantees: [2],
    proves: ['settle:stored', 'settle:sent'],
    budget: ({ lease }) => 2 * lease,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const first = await it.open()
      const seen = await it.collect(first, billing)
      const ids = await it.publish(orders, 3)
      await untilAcked(it, 3, seen)
      equal(seen.acked, ids, 'what was acked')
      await first.close()
      const again = await it.collect(await it.open(), billing)
      await it.elapse(2 * it.timing.lease)
      await it.silence(again)
    },
  },
  {
    id: 'ACK-02',
    title: 'nothing is acked before its handler has ended',
    promise: 'While a handler runs, its message is not acked: where the process dies then, another one is given it.',
    profile: 'core',
    budget: ({ recover, lease }) => lease + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [first, adapter] = await it.openBreakable()
      const gate = it.gate()
      await it.collect(first, billing, () => gate.pass())
      const ids = await it.publish(orders, 1)
      await it.until(() => gate.arrived === 1, { what: 'the handler to begin' })
      await die(it, first, adapter)
      const second = await it.collect(await it.open(), billing)
      const what = 'the message, whose handler had not ended, to come to another process'
      await it.until(() => second.acked.length === 1, { within: it.timing.lease + it.timing.recover, what })
      equal(second.ids, ids, 'what came to the other process')
      gate.open()
    },
  },
  {
    id: 'ACK-03',
    title: 'what is neither settled nor given back stays with its consumer',
    promise:
      'A delivery that has not been settled is handed out to nobody, its own consumer included, until that is gone; then it is.',
    profile: 'core',
    budget: ({ quiet, redeliver }) => 2 * quiet + redeliver,
    async run(it) {
      const { quiet, lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const holder = await it.consume(billing)
      await holder.next()
      const whileHeld = Math.min(quiet, lease / 4)
      await holder.nothing(whileHeld, 'the only message is held')
      // Where consumers compete by partition, another one might be given the partition.
      if (it.capabilities.competing === 'message') {
        await (await it.consume(billing)).nothing(whileHeld, 'another consumer holds the only message')
      }
      await holder.close()
      const next = await (await it.consume(billing)).next(redeliver)
      equal([next.message.id, next.attempt], [id, 1], 'id and attempt of what the next consumer is given')
    },
  },
  {
    id: 'ACK-04',
    title: 'a second ack does no harm',
    promise:
      'Acking a delivery twice has no effect and does not throw; where fencing is exact it is called stale. The source works on.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const consumer = await it.consume(orders.subscription('billing'))
      const ids = await it.publish(orders, 2)
      const first = await consumer.next()
      equal(await consumer.ack(first), [], 'exceptions of the first ack')
      const exceptions = await consumer.ack(first)
      if (it.capabilities.fencing === 'exact') {
        equal(
          exceptions.map(({ kind }) => kind),
          ['stale'],
          'what the second ack is told',
        )
      }
      const second = await consumer.next()
      equal([first.message.id, second.message.id], ids, 'what was handed out, in order')
      equal(await consumer.ack(second), [], 'exceptions of the ack of the next message')
    },
  },
  {
    id: 'ACK-05',
    title: 'the first settlement of a delivery wins',
    promise: 'Once a delivery is settled, whatever else is said of it changes nothing.',
    profile: 'core',
    budget: ({ redeliver, quiet }) => 5 * (redeliver + quiet),
    async run(it) {
      const pairs = [
        ['ack', 'retry'],
        ['ack', 'reject'],
        ['retry', 'ack'],
        ['release', 'reject'],
        ['reject', 'ack'],
      ] as const
      for (const [first, second] of pairs) {
        const orders = it.topic()
        const billing = orders.subscription('billing')
        await it.publish(orders, 1)
        const consumer = await it.consume(billing)
        const delivery = await consumer.next()
        equal(await consumer.settle({ [first]: [delivery] }), [], `exceptions of the ${first}`)
        const exceptions = await consumer.settle({ [second]: [delivery] })
        const words = `after ${first} and then ${second}`
        if (it.capabilities.fencing === 'exact') equal(exceptions.length, 1, `how many exceptions there are ${words}`)
        const isBack = first === 'retry' || first === 'release'
        if (!isBack) await consumer.nothing(it.timing.quiet, `the message was settled: ${words}`)
        const back = isBack ? await consumer.next(it.timing.redeliver) : undefined
        const expected = first === 'retry' ? 2 : first === 'release' ? 1 : undefined
        equal(back?.attempt, expected, `the attempt that comes back ${words}`)
        const subscription = { topic: orders.name, name: 'billing' }
        const dead = await all(consumer.connection.persistence.deadLetters({ subscription }))
        equal(dead.length, first === 'reject' ? 1 : 0, `how many dead letters there are ${words}`)
      }
    },
  },
  {
    id: 'ACK-06',
    title: 'acking one of three acks that one alone',
    promise:
      'An ack concerns one delivery: those before and after it stay unsettled, and come back when their consumer is gone.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [one, two, three] = await it.publish(orders, 3)
      const first = await it.consume(billing)
      const [, second] = await first.take(3)
      if (second === undefined) return
      equal(await first.ack(second), [], 'exceptions of an ack')
      await first.close()
      const rest = await (await it.consume(billing)).take(2, it.timing.redeliver)
      equal(
        rest.map(({ message }) => message.id),
        [one, three],
        `what comes back beside ${two}`,
      )
      equal(
        rest.map(({ attempt }) => attempt),
        [1, 1],
        'attempts of what was given back',
      )
    },
  },
  {
    id: 'ACK-07',
    title: 'acks out of order survive a crash, and skip nobody',
    promise:
      'Where 1, 2 and 4 of five are acked and the process dies, 3 and 5 come back, in order; what was acked behind 3 does not take 3 along.',
    profile: 'full',
    budget: ({ recover, lease }) => lease + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [first, adapter] = await it.openBreakable()
      const gate = it.gate()
      const isHeld = (n: number) => n === 3 || n === 5
      const held = await it.collect(first, billing, ({ data: { n } }) => (isHeld(n) ? gate.pass() : undefined), {
        concurrency: 5,
      })
      const ids = await it.publish(orders, 5)
      const isThere = () => held.acked.length === 3 && gate.arrived === 2
      await it.until(isThere, { what: 'three messages to be acked while two are running' })
      await die(it, first, adapter)
      const second = await it.collect(await it.open(), billing)
      const back = () => second.acked.filter(id => id === ids[2] || id === ids[4])
      const what = 'messages 3 and 5, which nobody had acked, to come to another process'
      await it.until(() => back().length === 2, { within: it.timing.lease + it.timing.recover, what })
      equal(second.numbers.filter(isHeld), [3, 5], 'the order in which they come back')
      gate.open()
    },
  },
  {
    id: 'ACK-09',
    title: 'a thousand acks in any order are all effective',
    promise: 'Handlers that run at once and end in any order have each message acked, and none twice.',
    profile: 'full',
    budget: ({ arrive }) => 6 * arrive,
    async run(it) {
      const orders = it.topic()
      const count = it.size(1_000)
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const gates = Array.from({ length: count }, () => it.gate())
      const seen = await it.collect(await it.open(), billing, ({ data }) => gates[data.n - 1]?.pass(), {
        concurrency: count,
      })
      const ids = await it.publish(orders, count)
      const within = 3 * it.timing.arrive
      await it.until(() => seen.running === count, { within, what: `${count} handlers to run at once` })
      for (const gate of shuffled(it, gates)) {
        gate.open()
        if (it.random() < 0.1) await it.elapse(1)
      }
      await it.until(() => seen.acked.length === count, { within, what: `${count} messages to be acked` })
      sameMembers(seen.acked, ids, 'what was acked')
    },
  },
  {
    id: 'ACK-10',
    title: 'a batch of acks takes effect one by one',
    promise: 'In one batch of acks the valid ones take effect, and those that come too late are told apart.',
    profile: 'full',
    needs: 'fencing:exact',
    proves: ['fencing:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4)
      const consumer = await it.consume(billing)
      const [one, two, three, four] = await consumer.take(4)
      if (one === undefined || two === undefined || three === undefined || four === undefined) return
      equal(await consumer.ack(one), [], 'exceptions of the first ack')
      equal(await consumer.release(three), [], 'exceptions of the release')
      const exceptions = await consumer.ack(one, two, three, four)
      equal(
        exceptions.map(({ token, kind }) => [token, kind]),
        [one, three].map(({ token }) => [token, 'stale']),
        'the exceptions of a batch that acks one, two, three and four, where one was acked and three given back before',
      )
      const rest = await consumer.take(1, it.timing.redeliver)
      equal(
        rest.map(({ message }) => message.id),
        [ids[2]],
        'what is left',
      )
      await consumer.nothing(it.timing.quiet, 'everything else was acked')
    },
  },
)
