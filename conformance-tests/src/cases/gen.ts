import { cutLink } from '../case/broken-link.js'
import { eventsOf } from '../case/broker-events.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'

/** Generations of connections and sources. */
export const GEN = defineCases(
  {
    id: 'GEN-01',
    title: 'a settle on a source that is over is not taken for done',
    promise:
      'Closing a source gives back what it held; settling that afterwards changes nothing, and is not answered as done.',
    profile: 'core',
    guarantees: [11],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const over = await it.consume(billing)
      const old = await over.next()
      await over.close()
      const told = await over.ack(old).then(
        exceptions => exceptions.map(({ kind }) => kind).join() || 'done',
        () => 'rejected',
      )
      check(told !== 'done', 'an ack on a source that is closed was answered as done')
      const again = await (await it.consume(billing)).next(it.timing.redeliver)
      equal([again.message.id, again.attempt, again.losses], [id, 1, 0], 'id, attempt and losses of what came back')
    },
  },
  {
    id: 'GEN-02',
    title: 'a delivery that is taken away ends its run, not its source',
    promise:
      'The handler of a lost delivery gets its signal, and its outcome no longer counts; the consumer goes on, and the message runs again when that run is over.',
    profile: 'full',
    guarantees: [7, 11],
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const events = eventsOf(broker)
      const seen = await it.collect(broker, orders.subscription('billing'), (_, { signal }) => {
        if (seen.runs.length > 1) return undefined
        return new Promise(resolve => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
      })
      const [id] = await it.publish(orders, 1)
      await it.until(() => seen.running === 1, { what: 'the handler to run' })
      equal(adapter.takeLeases(), 1, 'how many deliveries were taken away')
      await it.until(() => seen.acked.length === 1, { within: it.timing.recover, what: 'the message to be acked' })
      equal(
        [seen.ids, seen.attempts],
        [
          [id, id],
          [1, 1],
        ],
        'ids and attempts of the runs',
      )
      equal(seen.lost, [id], 'what was reported as lost')
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 2, { what: 'the next message to be acked' })
      equal(events, ['consumer.up 1'], 'what was told of the consumer and its connection')
    },
  },
  {
    id: 'GEN-03',
    title: 'exceptions are for one settlement each',
    promise: 'In a batch with a stale settlement that one is reported, and all the others take effect.',
    profile: 'core',
    guarantees: [11],
    needs: 'fencing:exact',
    proves: ['fencing:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4)
      const consumer = await it.consume(billing)
      const [one, two, three, four] = await consumer.take(4)
      check(one !== undefined && two !== undefined && three !== undefined && four !== undefined, 'there are no four')
      equal(await consumer.ack(one), [], 'exceptions of the first ack')
      const exceptions = await consumer.source.settle({
        acks: [one.token, two.token],
        others: [
          { kind: 'release', token: one.token },
          { kind: 'release', token: three.token },
        ],
      })
      equal(
        exceptions.map(({ token, kind }) => [token === one.token, kind]),
        [
          [true, 'stale'],
          [true, 'stale'],
        ],
        'the exceptions of a batch in which one is stale twice',
      )
      equal((await consumer.next(it.timing.redeliver)).message.id, ids[2], 'what was given back by it')
      equal(await consumer.ack(four), [], 'exceptions of the ack of the one that it was not about')
    },
  },
  {
    id: 'GEN-04',
    title: 'a connection that breaks is replaced, and so are its sources',
    promise:
      'After a cut the broker tells that it is down and up again, closes the old connection, and goes on consuming.',
    profile: 'core',
    guarantees: [14],
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const events = eventsOf(broker)
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: 'the first message to be acked' })
      adapter.refuse()
      await cutLink(it, adapter)
      await it.until(() => seen.handle.state === 'disconnected', { what: 'the consumer to be disconnected' })
      const [id] = await it.publish(orders, 1)
      adapter.accept()
      await it.until(() => seen.acked.length === 2, {
        within: it.timing.recover,
        what: 'the second message to be acked',
      })
      equal(seen.acked[1], id, 'what was acked after the cut')
      const expected = ['connection.down 1', 'connection.up 2', 'consumer.down', 'consumer.up 2']
      equal(events.slice(1).toSorted(), expected, 'what was told of the consumer and its connection')
      equal(seen.handle.state, 'consuming', 'the state of the consumer')
      equal(adapter.calls('close'), 1, 'how many connections were closed')
    },
  },
  {
    id: 'GEN-05',
    title: 'a source that ends is replaced on the same connection',
    promise:
      'When the broker ends a source it gives back what it held, and another one is opened: the connection stays.',
    profile: 'core',
    guarantees: [5, 14],
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const events = eventsOf(broker)
      const gate = it.gate()
      const seen = await it.collect(broker, orders.subscription('billing', { timeout: 2 * it.timing.recover }), () =>
        gate.pass(),
      )
      const ids = await it.publish(orders, 3)
      await it.until(() => gate.arrived === 1, { what: 'the first message to run' })
      equal(adapter.endSources(), 1, 'how many sources were ended')
      await it.until(() => seen.handle.state === 'consuming', { within: it.timing.recover, what: 'another source' })
      gate.open()
      await it.until(() => seen.acked.length === 3, { within: it.timing.recover, what: 'all three to be acked' })
      equal(seen.acked.toSorted(), ids.toSorted(), 'what was acked')
      equal([...new Set(seen.runs.map(({ attempt, losses }) => `${attempt} ${losses}`))], ['1 0'], 'attempts, losses')
      equal(
        events,
        ['consumer.up 1', 'consumer.down', 'consumer.up 1'],
        'what was told of the consumer and its connection',
      )
    },
  },
  {
    id: 'GEN-14',
    title: 'a consumer whose connection broke under handlers fills its other slots meanwhile',
    promise: 'Runs that go on over a cut keep their own slots, and keep nobody from the others.',
    profile: 'full',
    guarantees: [5, 14],
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const { recover } = it.timing
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const billing = orders.subscription('billing', { timeout: 4 * recover })
      const held = new Set(await it.publish(orders, 2))
      const behaviour = ({ id }: { readonly id: string }) => (held.has(id) ? gate.pass() : undefined)
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4 })
      await it.until(() => gate.arrived === 2, { what: 'two handlers to run' })
      await cutLink(it, adapter)
      await it.until(() => seen.handle.state === 'consuming', { within: recover, what: 'another source' })
      const others = await it.publish(orders, 2)
      await it.until(() => seen.acked.length === 2, { within: recover, what: 'two more to be acked meanwhile' })
      equal(seen.acked, others, 'what was acked while the first two ran')
      gate.open()
      await it.until(() => seen.acked.length === 4, { within: recover, what: 'the first two to be acked' })
    },
  },
  {
    id: 'GEN-06',
    title: 'a connection that is closed answers nothing, and closes twice',
    promise: 'Each call to a closed connection, and to its sources, rejects: none hangs, none takes effect.',
    profile: 'full',
    guarantees: [13],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const connection = await it.connect()
      await connection.declare([orders.spec], [billing.spec])
      const open = () => connection.subscriber.open(billing.spec, { window: 1, lease: it.timing.lease }, NOBODY)
      const source = await open()
      await connection.close()
      await connection.close()
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        declare: () => connection.declare([orders.spec], []),
        open,
        pull: () => source.pull(1),
        counts: () => connection.persistence.counts({ topic: orders.name, name: billing.name }),
        topics: () => connection.persistence.topics(),
      }
      for (const [name, call] of Object.entries(calls)) {
        const answer = await call().then(
          () => 'resolved',
          () => 'rejected',
        )
        equal(answer, 'rejected', `${name} on a closed connection`)
      }
    },
  },
)

const NOBODY = { wake() {}, lost() {}, ended() {} }
