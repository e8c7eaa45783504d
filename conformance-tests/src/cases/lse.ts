import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'
import { needsLeases } from '../case/leases.js'
import { patience } from '../case/patience.js'

/** Leases. A source without `renew` has none: what it holds is its own until it ends. */
export const LSE = defineCases(
  {
    id: 'LSE-01',
    title: 'what is neither settled nor renewed comes back when its lease is over',
    promise: 'A delivery whose lease has ended is handed out again: not earlier, and soon after.',
    profile: 'core',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => 2 * (lease + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const holder = await it.consume(billing)
      needsLeases(it)
      const [id] = await it.publish(orders, 1)
      const asked = it.clock.monotonic()
      await holder.next()
      const held = it.clock.monotonic()
      const other = await it.consume(billing)
      const again = await other.next(timing.lease + timing.redeliver)
      const now = it.clock.monotonic()
      equal(again.message.id, id, 'what came back')
      check(
        now >= asked + timing.lease,
        `it came back ${now - asked} ms after it was taken, before its lease of ${timing.lease} ms was over`,
      )
      between(now - held, 0, timing.lease + timing.redeliver, 'milliseconds until it came back')
      equal(await other.ack(again), [], 'exceptions of the ack')
    },
  },
  {
    id: 'LSE-02',
    title: "within its lease a delivery is nobody else's",
    promise: 'Until the lease of a delivery has ended, idle consumers that ask all the time are not given it.',
    profile: 'core',
    needs: 'competing:message',
    proves: ['competing:message'],
    budget: ({ lease }) => lease,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const idle = [await it.consume(billing), await it.consume(billing)]
      const holder = await it.consume(billing)
      needsLeases(it)
      const asked = it.clock.monotonic()
      await holder.next()
      const left = asked + it.timing.lease - it.clock.monotonic()
      await Promise.all(idle.map(one => one.nothing(left, 'the lease of the only message goes on')))
    },
  },
  {
    id: 'LSE-03',
    title: 'a late ack changes nothing and is told',
    promise:
      "An ack after the lease's end is reported as stale; the delivery that has taken over is untouched, and can be acked.",
    profile: 'core',
    guarantees: [11],
    needs: 'fencing:exact',
    proves: ['fencing:exact'],
    budget: ({ lease, redeliver }) => 3 * (lease + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const late = await it.consume(billing)
      needsLeases(it)
      const old = await late.next()
      const other = await it.consume(billing)
      const held = await other.next(timing.lease + timing.redeliver)
      const exceptions = await late.ack(old)
      equal(
        exceptions.map(({ kind }) => kind),
        ['stale'],
        'what the late ack is told',
      )
      equal(await other.renew(held), [], 'what is lost to the new holder after the late ack')
      const third = await it.consume(billing)
      equal(await third.pull(), [], 'what a third consumer is given while the new holder has it')
      equal(await other.ack(held), [], 'exceptions of the ack of the new holder')
    },
  },
  {
    id: 'LSE-04',
    title: 'a late retry, reject or release changes nothing',
    promise:
      "Whatever is settled after the lease's end is stale: nothing dies of it, nothing comes once more, and the new holder can ack.",
    profile: 'full',
    needs: 'fencing:exact',
    proves: ['fencing:exact'],
    budget: ({ lease, redeliver, quiet }) => lease + redeliver + 3 * quiet,
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      await it.publish(orders, 1)
      await Promise.all(
        (['retry', 'reject', 'release'] as const).map(async kind => {
          const billing = orders.subscription(`late-${kind}`)
          const late = await it.consume(billing)
          needsLeases(it)
          const old = await late.next()
          const other = await it.consume(billing)
          const held = await other.next(timing.lease + timing.redeliver)
          const exceptions = await late.settle({ [kind]: [old] })
          equal(
            exceptions.map(exception => exception.kind),
            ['stale'],
            `what the late ${kind} is told`,
          )
          await late.nothing(timing.quiet, `another consumer has it since before the late ${kind}`)
          equal(await other.ack(held), [], `exceptions of the new holder's ack after the late ${kind}`)
          const subscription = { topic: orders.name, name: billing.name }
          const dead = await all(late.connection.persistence.deadLetters({ subscription }))
          equal(dead.length, 0, `how many dead letters there are after the late ${kind}`)
        }),
      )
    },
  },
  {
    id: 'LSE-05',
    title: 'what was taken away is not settled any more',
    promise:
      'Where the broker itself lets a late settle count, the process that has lost a delivery says so, stops its handler and settles nothing of it.',
    profile: 'full',
    needs: 'fencing:local',
    proves: ['fencing:local'],
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => (gate.arrived === 0 ? gate.pass() : undefined))
      const ids = await it.publish(orders, 1)
      await it.until(() => gate.arrived === 1, { what: 'the handler to begin' })
      const { signal } = seen.runs[0]?.context ?? {}
      equal(adapter.takeLeases(), 1, 'how many deliveries were taken away')
      equal(signal?.aborted, true, 'whether the signal of the run has fired')
      equal(seen.lost, ids, 'what the process says it has lost')
      gate.open()
      await it.until(() => seen.acked.length === 1, { within: it.timing.recover, what: 'the message to be acked' })
      const settles = it.history.events.filter(({ kind }) => kind === 'settle')
      equal(settles.length, 1, 'how many settlements there were: none of the run that had lost its delivery')
    },
  },
  {
    id: 'LSE-17',
    title: 'the next generation of a consumer takes over what the last one held',
    promise:
      'When a process opens a consumer again after its connection has broken, what the last source held comes to the new one first, uncounted, and to nobody else in between; an ack of the old source is stale.',
    profile: 'core',
    needs: ['competing:message', 'fencing:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4)
      const broken = await it.connect()
      const first = await it.consume(billing, { connection: broken, consumer: { id: 1, generation: 1 } })
      needsLeases(it)
      const [held] = await first.take(2)
      const other = await it.consume(billing)
      const connection = await it.connect({ like: broken })
      const second = await it.consume(billing, { connection, consumer: { id: 1, generation: 2 } })
      equal(second.transferred, 2, 'how many came over')
      equal(
        (await other.take(2)).map(({ message }) => message.id),
        ids.slice(2),
        'what another process is given meanwhile',
      )
      const over = await second.take(2)
      equal(
        over.map(({ message, attempt, losses }) => [message.id, attempt, losses]),
        [
          [ids[0], 1, 0],
          [ids[1], 1, 0],
        ],
        'what came over',
      )
      // Of a source that has ended by itself nothing more may be asked.
      if (held !== undefined && first.ended.length === 0) {
        const exceptions = await first.ack(held)
        equal(
          exceptions.map(({ kind }) => kind),
          ['stale'],
          'what an ack of the old source is told',
        )
      }
      equal(await second.ack(...over), [], 'exceptions of the acks of the new source')
    },
  },
)
