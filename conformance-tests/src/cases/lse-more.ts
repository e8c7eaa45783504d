import { DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { Consumer } from '../case/consumer.js'
import type { CaseContext } from '../case/context.js'
import { between, check, equal } from '../case/expect.js'
import { needsLeases } from '../case/leases.js'
import { patience } from '../case/patience.js'

/** Leases: renewing, and what keeps a delivery with its holder. */
export const LSE_MORE = defineCases(
  {
    id: 'LSE-06',
    title: 'a handler may take longer than a lease',
    promise: 'While a handler runs its message stays its own, however many leases that takes: it is handed out once.',
    profile: 'core',
    budget: ({ lease }) => 5 * lease,
    async run(it) {
      const { lease } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 20 * lease })
      const seen = [
        await it.collect(await it.open(), billing, () => it.elapse(4 * lease)),
        await it.collect(await it.open(), billing, () => it.elapse(4 * lease)),
      ]
      const ids = await it.publish(orders, 1)
      const isAcked = () => seen.some(({ acked }) => acked.length > 0)
      const runs = () => seen.flatMap(one => one.ids)
      const what = 'the message to be acked after a run of four leases'
      await it.until(() => isAcked() || runs().length > 1, { within: 4 * lease + it.timing.arrive, what })
      equal(runs(), ids, 'the runs in both processes')
    },
  },
  {
    id: 'LSE-07',
    title: 'a renewal counts from now',
    promise: "A renewed delivery is its holder's for one lease from the renewal on: not less, and not much more.",
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => 2 * lease + redeliver,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const other = await it.consume(billing)
      const holder = await it.consume(billing)
      needsLeases(it)
      const delivery = await holder.next()
      await it.elapse(0.6 * lease)
      const asked = it.clock.monotonic()
      equal(await holder.renew(delivery), [], 'what is lost at the renewal')
      const renewed = it.clock.monotonic()
      await other.nothing(asked + lease - renewed, 'its lease was renewed')
      await other.next(redeliver)
      between(it.clock.monotonic() - renewed, 0, lease + redeliver, 'milliseconds from the renewal until it came back')
    },
  },
  {
    id: 'LSE-08',
    title: 'what is no longer held cannot be renewed',
    promise: 'Renewing answers what is lost: a delivery that was settled, or that somebody else has by now.',
    profile: 'full',
    needs: ['competing:message', 'fencing:exact'],
    proves: ['fencing:exact'],
    budget: ({ lease, redeliver }) => lease + redeliver,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 2)
      const late = await it.consume(billing)
      needsLeases(it)
      const [settled, expired] = await late.take(2)
      if (settled === undefined || expired === undefined) return
      await late.ack(settled)
      equal(await late.renew(settled), [settled.token], 'what is lost where a settled delivery is renewed')
      const other = await it.consume(billing)
      const held = await other.next(lease + redeliver)
      equal(await late.renew(expired), [expired.token], 'what is lost where somebody else has it')
      equal(await other.renew(held), [], 'what is lost to the new holder')
      equal(await other.ack(held), [], "exceptions of the new holder's ack")
    },
  },
  {
    id: 'LSE-09',
    title: 'a handler that cannot renew is told, and its message goes elsewhere',
    promise:
      'Where a process cannot reach the broker for a lease, the signal of its handler fires, another process gets the message, and the late result does not count.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver, recover }) => 3 * lease + redeliver + recover,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [first, adapter] = await it.openBreakable()
      await it.consume(orders.subscription('probe'))
      needsLeases(it)
      const gate = it.gate()
      const held = await it.collect(first, billing, () => gate.pass())
      const ids = await it.publish(orders, 1)
      await it.until(() => gate.arrived === 1, { what: 'the handler to begin' })
      const { signal } = held.runs[0]?.context ?? {}
      adapter.refuse()
      adapter.cut()
      const second = await it.collect(await it.open(), billing)
      const within = 2 * lease + redeliver
      await it.until(() => second.acked.length === 1, { within, what: 'the message to go to another process' })
      await it.until(() => signal?.aborted === true, { within: lease, what: "the handler's signal to fire" })
      check(String(signal?.reason).includes('lease'), `the signal's reason says nothing of a lease: ${signal?.reason}`)
      adapter.accept()
      gate.open()
      await it.until(() => held.handle.state === 'consuming', {
        within: it.timing.recover,
        what: 'the first to be back',
      })
      await it.silence(second, held)
      equal([held.acked, second.acked], [[], ids], 'what the first and the second process have acked')
    },
  },
  {
    id: 'LSE-11',
    title: 'a lapse is a loss, not a failed run; who kills its process dies',
    promise:
      'A lease that ends without a word costs no attempt but is counted; lost twice, a message comes alone; lost three times while marked, it is dead-lettered unrun, and the others live.',
    profile: 'full',
    needs: ['losses:marked', 'competing:message'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver }) => 8 * (lease + redeliver),
    async run(it) {
      const within = it.timing.lease + it.timing.redeliver
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [killer] = await it.publish(orders, 2)
      const first = await it.consume(billing)
      needsLeases(it)
      await first.take(2)
      const second = await it.consume(billing)
      const [again, innocent] = await second.take(2, within)
      if (again === undefined || innocent === undefined) return
      for (const { attempt, losses, suspect } of [again, innocent]) {
        equal([attempt, losses, suspect], [1, 1, false], 'attempt, losses and suspicion after one lapse')
      }
      equal(await second.ack(innocent), [], 'exceptions of an ack after a lapse')
      const [last] = await it.publish(orders, 1)
      for (const marks of [0, 1, 2]) {
        await it.elapse(it.timing.lease)
        const found = await takeWith(it, await it.consume(billing), killer)
        equal(
          found,
          [[killer, 1, true, marks]],
          `what comes with a message that was lost ${2 + marks} times: itself alone`,
        )
      }
      const broker = await it.open()
      const seen = await it.collect(broker, billing)
      await it.until(() => seen.dead.length === 1 && seen.acked.length === 1, { within, what: 'both to be over' })
      equal(seen.ids, [last], 'what was run: not the one that ends its processes')
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message, reason, attempts }) => [message.id, reason, attempts]),
        [[killer, DEAD_REASONS.CRASHED, 0]],
        'the dead letters: id, reason, failed runs',
      )
    },
  },
)

/**
 * Waits for the pull that brings a message, and marks it; others that wait are given back. Answers id, attempt, suspicion
 * and marks of all that the pull brings.
 */
async function takeWith(it: CaseContext, consumer: Consumer, id: string | undefined): Promise<readonly unknown[]> {
  const { redeliver, quiet } = it.timing
  const deadline = it.clock.monotonic() + redeliver
  for (;;) {
    const some = await consumer.takeSome(2, redeliver)
    const wanted = some.find(({ message }) => message.id === id)
    if (wanted !== undefined) {
      await consumer.source.mark(wanted)
      return some.map(({ message, attempt, suspect, marks }) => [message.id, attempt, suspect, marks])
    }
    check(it.clock.monotonic() < deadline, `message ${id} did not come back within ${redeliver} ms of its lease's end`)
    await consumer.release(...some)
    await it.elapse(Math.min(quiet, redeliver / 4))
  }
}
