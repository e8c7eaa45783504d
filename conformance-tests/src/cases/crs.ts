import { DEAD_REASONS } from '@pluribus/core'
import { CRASHED_AFTER, SUSPECT_AFTER } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { bury, die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { UNWOKEN } from '../case/core-limits.js'
import { equal, sameMembers } from '../case/expect.js'
import { randomBelow } from '../case/random.js'
import type { Sample } from '../case/sample.js'
import { Succession } from '../case/succession.js'

/** Death of a process, as a broker object that is killed dies of it. What takes a real one stands in a file of its own. */
export const CRS = defineCases(
  {
    id: 'CRS-01',
    title: 'what a process held when it died comes to another one, all of it',
    promise: 'Messages that were running or fetched in a process that dies are run elsewhere: none is lost.',
    profile: 'core',
    guarantees: [2, 5],
    budget: ({ lease, redeliver, close }) => lease + redeliver + close + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const first = await it.collect(broker, billing, () => gate.pass(), { concurrency: 4 })
      const ids = await it.publish(orders, 20)
      await it.until(() => gate.arrived === 4, { what: 'four handlers to run' })
      await die(it, broker, adapter)
      const second = await it.collect(await it.open(), billing, () => undefined, { concurrency: 4 })
      const within = it.timing.lease + it.timing.redeliver + UNWOKEN
      await it.until(() => second.acked.length === 20, { within, what: 'all twenty to be acked by another process' })
      sameMembers(second.acked, ids, 'what the other process acked')
      equal([...new Set(second.attempts)], [1], 'the attempts that were counted')
      equal(first.acked, [], 'what the dead one acked')
    },
  },
  {
    id: 'CRS-02',
    title: 'a process that dies between effect and ack has its message run again, as a loss',
    promise:
      'A handler that has ended is not an ack: until that is stored the message comes again, on the same attempt.',
    profile: 'full',
    guarantees: [2, 4, 5],
    budget: ({ lease, redeliver, close }) => lease + redeliver + close + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [broker, adapter] = await it.openBreakable()
      adapter.hold('settle')
      const first = await it.collect(broker, billing)
      const [id] = await it.publish(orders, 1)
      await it.until(() => adapter.calls('settle') === 1, { what: 'the ack to be on its way' })
      await die(it, broker, adapter)
      const second = await it.collect(await it.open(), billing)
      const within = it.timing.lease + it.timing.redeliver + UNWOKEN
      await it.until(() => second.acked.length === 1, { within, what: 'the message to be acked by another process' })
      equal([first.ids, second.ids], [[id], [id]], 'what ran in the two processes')
      equal(second.attempts, [1], 'the attempt that it was')
      if (it.capabilities.losses === 'marked') equal(second.runs[0]?.losses, 1, 'the losses that were counted')
    },
  },
  {
    id: 'CRS-03',
    title: 'a message that kills its process each time ends among the dead letters',
    promise: 'A crash loop ends: after two losses and three more while it was marked the message is CRASHED.',
    profile: 'core',
    guarantees: [5, 6],
    needs: 'losses:marked',
    proves: ['losses:marked'],
    budget: ({ lease, redeliver, arrive, recover, close }) => 7 * (lease + redeliver + 4 * arrive + recover + close),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 1)
      const most = SUSPECT_AFTER + CRASHED_AFTER
      const work = new Succession(it, { subscription: billing, ids, killers: ids, most, options: { prefetch: 0 } })
      await work.run()
      equal(work.kills.length, most, 'how many processes died of it')
      const dead = await all((await it.open()).deadLetters(billing))
      equal(
        dead.map(({ message, reason, attempts }) => [message.id, reason, attempts]),
        [[ids[0], DEAD_REASONS.CRASHED, 0]],
        'id, reason and failed runs of the dead letters',
      )
    },
  },
  {
    id: 'CRS-04',
    title: 'what a publisher was told to be stored before it died is there',
    promise: 'Receipts survive those who got them; what nobody was told of may be there, and nothing else is.',
    profile: 'full',
    guarantees: [1, 2],
    budget: ({ arrive, close }) => 40 * (arrive + close),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await (await it.open()).declare(billing)
      const told: string[] = []
      for (let round = 1; round <= it.size(20); round++) {
        const [broker, adapter] = await it.openBreakable()
        const before = told.length
        // Who has died is told nothing, or that the broker is closed.
        const publish = (n: number) =>
          broker.publish(orders, { n }).then(
            ({ id }) => void told.push(id),
            () => undefined,
          )
        const publishing = Array.from({ length: 10 }, (_, n) => it.elapse(randomBelow(it, 10)).then(() => publish(n)))
        const enough = randomBelow(it, 10)
        await it.until(() => told.length >= before + enough, { what: `${enough} receipts in round ${round}` })
        adapter.kill()
        await bury(it, broker, adapter)
        await Promise.all(publishing)
      }
      const seen = await it.collect(await it.open(), billing, () => undefined, { concurrency: 16 })
      const within = 3 * it.timing.arrive
      await it.until(() => told.every(id => seen.acked.includes(id)), { within, what: 'all that was told to be acked' })
    },
  },
  {
    id: 'CRS-06',
    title: 'when every consumer has died, the next one drains everything',
    promise: 'A subscription without consumers keeps what it has; the first that comes gets all of it.',
    profile: 'full',
    guarantees: [2, 5],
    budget: ({ lease, redeliver, close }) => 3 * (lease + redeliver + close) + UNWOKEN,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(60)
      await it.publish(orders, count)
      const acked = new Set<string>()
      for (let death = 1; death <= 3; death++) {
        const [broker, adapter] = await it.openBreakable()
        broker.on('delivery.acked', ({ id }) => void acked.add(id))
        const seen = await it.collect(broker, billing, () => it.elapse(it.timing.delay / 10))
        await it.until(() => seen.acked.length >= 3 || acked.size === count, {
          within: lease + redeliver + UNWOKEN,
          what: `consumer ${death} to ack three`,
        })
        await die(it, broker, adapter)
      }
      await it.elapse(lease)
      const last = await it.open()
      last.on('delivery.acked', ({ id }) => void acked.add(id))
      await it.collect(last, billing, () => undefined, { concurrency: 16 })
      // An ack that a dead process has not been told of may be stored all the same.
      await it.until(() => acked.size >= count - 3, {
        within: lease + redeliver + UNWOKEN,
        what: 'the rest to be acked',
      })
      await it.elapse(redeliver)
    },
  },
  {
    id: 'CRS-07',
    title: 'what a process had acked stays acked when it dies',
    promise: 'Of a hundred that a process held, the forty whose acks were confirmed do not come again; the rest do.',
    profile: 'full',
    guarantees: [2],
    needs: 'settle:stored',
    proves: ['settle:stored'],
    budget: ({ lease, redeliver, close }) => lease + redeliver + close + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const behaviour = ({ data: { n } }: { readonly data: Sample }) => (n <= 40 ? undefined : gate.pass())
      const first = await it.collect(broker, billing, behaviour, { concurrency: 100 })
      const ids = await it.publish(orders, 100)
      await it.until(() => first.acked.length === 40 && gate.arrived === 60, { what: 'forty acks, and sixty that run' })
      await die(it, broker, adapter)
      const second = await it.collect(await it.open(), billing, () => undefined, { concurrency: 16 })
      const within = it.timing.lease + it.timing.redeliver + UNWOKEN
      await it.until(() => second.acked.length >= 60, { within, what: 'sixty to be acked by another process' })
      await it.silence(second)
      sameMembers(second.ids, ids.slice(40), 'what came again')
    },
  },
)
