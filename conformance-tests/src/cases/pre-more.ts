import { defineCases } from '../case/case.js'
import { between, equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** What is legal, and what a source owes to those beside it. */
export const PRE_MORE = defineCases(
  {
    id: 'PRE-07',
    title: 'what is no concurrency is refused',
    promise: 'Concurrency is a whole number from 1 to 10,000, prefetch from 0 to 10,000: anything else is refused.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const billing = it.topic().subscription('billing')
      const before = it.history.events.length
      const illegal: readonly object[] = [
        ...[0, -1, 1.5, 10_001, Number.NaN, '1'].map(concurrency => ({ concurrency })),
        ...[-1, 1.5, 10_001, Number.NaN, '1'].map(prefetch => ({ prefetch })),
        { concurency: 1 },
      ]
      for (const options of illegal) {
        await it.rejects('INVALID_ARGUMENT', () => broker.subscribe(billing, () => undefined, options))
      }
      equal(it.history.events.slice(before), [], 'what was asked of the adapter')
    },
  },
  {
    id: 'PRE-09',
    title: 'each subscription has slots of its own',
    promise: 'One subscription of a process being full, another one has all its slots.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const [orders, refunds] = [it.topic(), it.topic()]
      const gate = it.gate()
      const options = { concurrency: 2, prefetch: 2 }
      const full = await it.collect(broker, orders.subscription('billing'), () => gate.pass(), options)
      const free = await it.collect(broker, refunds.subscription('billing'), undefined, options)
      await it.publish(orders, 10)
      await it.until(() => full.running === 2, { what: 'the first subscription to be full' })
      const count = it.size(50)
      await it.publish(refunds, count)
      await untilAcked(it, count, free)
      gate.open()
      await untilAcked(it, 10, full)
    },
  },
  {
    id: 'PRE-11',
    title: 'a pull gives at most what it asks for',
    promise: 'However much waits, a pull gives no more than its maximum; and what it has given is not given again.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, 30)
      const consumer = await it.consume(orders.subscription('billing'))
      const taken: string[] = []
      for (const max of [1, 2, 3, 10, 1, 13]) {
        const deliveries = await consumer.take(max)
        between(deliveries.length, 0, max, `deliveries of a pull of ${max}`)
        taken.push(...deliveries.map(({ message }) => message.id))
      }
      equal(taken, ids, 'what all pulls gave')
      equal(await consumer.pull(), [], 'what another pull gives')
    },
  },
  {
    id: 'PRE-12',
    title: 'who does not pull gets nothing',
    promise: 'A source that has asked for nothing holds nothing: all of it is there for others.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.consume(billing)
      const ids = await it.publish(orders, 20)
      const other = await it.consume(billing)
      const taken = await other.take(20)
      equal(
        taken.map(({ message }) => message.id),
        ids,
        'what the one that pulls is given',
      )
    },
  },
  {
    id: 'PRE-13',
    title: 'who takes his demand back leaves it to others',
    promise:
      'What a pull leaves unfilled is standing demand; `pull(0)` takes it back, and others are given what comes.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const first = await it.consume(billing)
      equal(await first.pull(10), [], 'what there is before anything is published')
      equal(await first.pull(0), [], 'what a pull of 0 gives')
      const other = await it.consume(billing)
      const ids = await it.publish(orders, 10)
      const taken = await other.take(10)
      equal(
        taken.map(({ message }) => message.id),
        ids,
        'what the other one is given',
      )
    },
  },
  {
    id: 'PRE-14',
    title: 'a paused consumer leaves its messages to others',
    promise: 'A pause gives back what has not begun: another process runs it, and what runs goes on.',
    profile: 'full',
    needs: 'competing:message',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const gate = it.gate()
      const paused = await it.collect(await it.open(), billing, () => gate.pass())
      await it.publish(orders, 20)
      await it.until(() => paused.running === 1, { what: 'the first run to begin' })
      paused.handle.pause()
      const other = await it.collect(await it.open(), billing)
      await untilAcked(it, 19, other)
      equal(other.numbers, upTo(20).slice(1), 'what the other process ran')
      gate.open()
      await untilAcked(it, 1, paused)
      equal(paused.runs.length, 1, 'the runs of the paused consumer')
    },
  },
)
