import { createBroker, type DeliveryEntry, deliveryJournal, reject } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { type Behaviour, failAlways, failOnce, never } from '../case/behaviour.js'
import { cutLink } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { entriesOf, readDeliveries, readProcesses } from '../case/journal.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { decorate } from '../history/decorate.js'

/** Fails once more, dies at once, or succeeds. */
const mixed: Behaviour<Sample> = ({ data }) => {
  if (data.n % 3 === 1) throw new Error('no such customer')
  return data.n % 3 === 2 ? reject('NO_CUSTOMER') : undefined
}

const line = ({ id, outcome, attempt, reason, error }: DeliveryEntry): string =>
  `${id} ${outcome} ${attempt} ${reason ?? error?.message}`

/** An adapter to which a message of the journal is published for ever. */
const hangingJournal = (inner: Adapter): Adapter =>
  decorate(inner, {
    publisher: publisher => ({
      publish: batch =>
        batch.some(({ topic }) => topic.startsWith('pluribus.')) ? never.then(() => []) : publisher.publish(batch),
    }),
  })

/** The journal of deliveries and processes, which core writes and adapters know nothing of. */
export const JRN = defineCases(
  {
    id: 'JRN-01',
    title: 'each failed run and each death is in the journal',
    promise: 'Of each failed run and each death there is an entry, with its error or reason, and of nothing else.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open({ journal: 'failures' })
      const seen = await it.collect(broker, billing, mixed, { concurrency: 3 })
      const ids = await it.publish(orders, 12)
      await it.until(() => seen.acked.length + seen.dead.length === ids.length, { what: 'each to be acked or dead' })
      const expected = ids.flatMap((id, index) => {
        if (index % 3 === 0) return [`${id} retried 1 no such customer`, `${id} dead 2 EXHAUSTED`]
        return index % 3 === 1 ? [`${id} dead 1 NO_CUSTOMER`] : []
      })
      const read = await readDeliveries(it)
      const distinct = () => [...new Set(read().map(line))]
      await it.until(() => distinct().length >= expected.length, { what: 'as many entries as there were failures' })
      sameMembers(distinct(), expected, 'the entries')
      equal([...new Set(read().map(({ subscription }) => subscription))], ['billing'], 'whose entries they are')
    },
  },
  {
    id: 'JRN-02',
    title: 'an orderly close loses no entry',
    promise: 'What is not written yet when a broker is closed is written before it is, and that the process has ended.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })
      const broker = await it.open({ journal: 'failures' })
      const seen = await it.collect(broker, billing, failAlways(), { concurrency: 10 })
      const ids = await it.publish(orders, it.size(100))
      await it.until(() => seen.dead.length === ids.length, { what: 'each to be dead' })
      await broker.close()
      const read = await readDeliveries(it)
      const found = () => [...new Set(read().map(({ id }) => id))]
      await it.until(() => found().length === ids.length, { what: 'an entry of each of them to be read' })
      sameMembers(found(), ids, 'what has an entry')
      const processes = await readProcesses(it)
      await it.until(() => processes().some(({ state }) => state === 'ended'), { what: 'the end of its process' })
    },
  },
  {
    id: 'JRN-03',
    title: 'there are no entries of entries',
    promise: 'What becomes of the messages of the journal is not in the journal, however much is written there.',
    profile: 'core',
    budget: ({ quiet }) => quiet,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open({ journal: 'all' })
      const errors = deliveryJournal.subscription('errors', { retry: { attempts: 2, delays: [] } })
      const reading = await it.collect(broker, errors, failOnce())
      const seen = await it.collect(broker, orders.subscription('billing'))
      const ids = await it.publish(orders, 5)
      await untilAcked(it, 5, seen)
      await it.until(() => entriesOf(reading).length >= 5, { what: 'five entries to be read' })
      await it.elapse(it.timing.quiet)
      const entries = entriesOf(reading)
      equal([...new Set(entries.map(({ topic }) => topic))], [orders.name], 'the topics that there are entries of')
      sameMembers(
        entries.map(({ id, outcome }) => `${id} ${outcome}`),
        ids.map(id => `${id} acked`),
        'the entries',
      )
    },
  },
  {
    id: 'JRN-04',
    title: 'nothing waits for a journal that hangs',
    promise: 'While the journal cannot be written, messages are handled and published, and closing ends in time.',
    profile: 'full',
    budget: ({ close }) => close,
    async run(it) {
      const options = await it.brokerOptions()
      const inner = options.adapter
      check(typeof inner === 'object' && 'connect' in inner, 'the target gives no adapter')
      const broker = await createBroker({ ...options, journal: 'failures', adapter: hangingJournal(inner) })
      const [orders, children] = [it.topic(), it.topic()]
      const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })
      const [dead, downs]: [string[], unknown[]] = [[], []]
      broker.on('delivery.dead', ({ id }) => void dead.push(id))
      broker.on('connection.down', ({ error }) => void downs.push(error))
      await broker.subscribe(billing, async ({ data }, context) => {
        await context.publish(children, data)
        throw new Error('no')
      })
      for (const round of [1, 2, 3]) {
        await it.publish(orders, 5)
        await it.until(() => dead.length === 5 * round, { what: `all of round ${round} to be dead` })
      }
      const since = it.clock.monotonic()
      await broker.close()
      between(it.clock.monotonic() - since, 0, it.timing.close, 'milliseconds that closing took')
      equal(downs, [], 'connections that broke')
      const published = await it.collect(await it.open(), children.subscription('all'))
      await untilAcked(it, dead.length, published)
    },
  },
  {
    id: 'JRN-05',
    title: 'what runs where is in the journal, until it ends',
    promise:
      'The latest report of each process says what it consumes and how, and whether it has ended in an orderly way.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const [first, second] = [await it.open({ journal: 'failures' }), await it.open({ journal: 'failures' })]
      await it.collect(first, orders.subscription('billing'), () => undefined, { concurrency: 3, prefetch: 7 })
      await it.collect(second, orders.subscription('shipping'))
      const processes = await readProcesses(it)
      const told = () =>
        processes().map(({ state, subscriptions }) => [state, ...subscriptions.map(({ name }) => name)].join(' '))
      await it.until(() => told().length === 2, { what: 'both processes to be told' })
      sameMembers(told(), ['running billing', 'running shipping'], 'the processes')
      const billing = processes().flatMap(({ subscriptions }) => subscriptions.filter(({ name }) => name === 'billing'))
      const running = { topic: orders.name, name: 'billing', state: 'consuming', concurrency: 3, prefetch: 7 }
      equal(billing, [running], 'how billing runs')
      await first.close()
      await it.until(() => told().includes('ended'), { what: 'the end of one of them' })
      sameMembers(told(), ['ended', 'running shipping'], 'the processes after one was closed')
    },
  },
  {
    id: 'JRN-06',
    title: 'the journal outlives the connection',
    promise: 'Entries that were not stored when the connection broke are stored on the next one.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })
      const [broker, adapter] = await it.openBreakable({ journal: 'failures' })
      const seen = await it.collect(broker, billing, failAlways())
      const ids = await it.publish(orders, 3)
      await it.until(() => seen.dead.length === 3, { what: 'three to be dead' })
      await cutLink(it, adapter)
      const read = await readDeliveries(it)
      const found = () => [...new Set(read().map(({ id }) => id))]
      const within = it.timing.recover
      await it.until(() => found().length === 3, { within, what: 'an entry of each of the three to be read' })
      sameMembers(found(), ids, 'what has an entry')
    },
  },
)
