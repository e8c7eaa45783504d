import type { Behaviour } from '../case/behaviour.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { needsLeases } from '../case/leases.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'

/** How far off a clock is, in leases. */
const SKEW = 100

/** Leases: dying and closing holders, clocks, and what waits ahead of the handlers. */
export const LSE_HOLDING = defineCases(
  {
    id: 'LSE-10',
    title: 'a process whose event loop is blocked loses its message, and its ack is too late',
    promise:
      'Where a handler blocks its process for three leases, another one gets the message; what the first says when it wakes does not count.',
    profile: 'full',
    needs: ['competing:message', 'fencing:exact', { not: 'durability:memory' }],
    hooks: ['children'],
    budget: ({ lease, redeliver, arrive }) => 5 * lease + redeliver + arrive,
    async run(it) {
      const { lease, redeliver, quiet } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      await it.consume(orders.subscription('probe'))
      needsLeases(it)
      const blocked = await it.child()
      await blocked.subscribe(billing, { does: 'block' })
      const ids = await it.publish(orders, 1)
      await it.until(() => blocked.runs.length === 1, { what: 'the handler to begin that blocks its process' })
      const other = await it.collect(await it.open(), billing)
      const within = lease + redeliver
      await it.until(() => other.acked.length === 1, { within, what: 'the message to go to another process' })
      await it.elapse(3 * lease + quiet)
      equal([blocked.acked, other.acked], [[], ids], 'what the process that was blocked has acked, and the other')
      equal(blocked.isOver, false, 'whether the process that was blocked has ended')
    },
  },
  {
    id: 'LSE-12',
    title: 'what a dead consumer held comes back, each once',
    promise:
      'Where a process dies with many handlers running, each of their messages comes to another one, once, within a lease.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => lease + redeliver,
    async run(it) {
      const orders = it.topic()
      const count = it.size(20)
      const billing = orders.subscription('billing', { timeout: patience(it) })
      await it.consume(orders.subscription('probe'))
      needsLeases(it)
      const [first, adapter] = await it.openBreakable()
      const gate = it.gate()
      await it.collect(first, billing, () => gate.pass(), { concurrency: count })
      const ids = await it.publish(orders, count)
      await it.until(() => gate.arrived === count, { what: `${count} handlers to begin` })
      adapter.kill()
      const second = await it.collect(await it.open(), billing)
      const within = it.timing.lease + it.timing.redeliver
      const what = `${count} messages to come to another process when the leases of a dead one end`
      await it.until(() => second.acked.length === count, { within, what })
      sameMembers(second.ids, ids, 'what the other process has run')
      gate.open()
    },
  },
  {
    id: 'LSE-13',
    title: 'leases are judged by one clock',
    promise:
      'Where the wall clock of a process is far ahead or behind, leases are neither shorter nor longer for it, its own and those of others.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => 2 * (lease + redeliver),
    async run(it) {
      const { lease, redeliver } = it.timing
      await Promise.all(
        [SKEW, -SKEW].map(async leases => {
          const orders = it.topic()
          const billing = orders.subscription('billing')
          await it.publish(orders, 1)
          const right = await it.consume(billing)
          needsLeases(it)
          const wrong = await it.consume(billing, { skew: leases * lease })
          for (const [holder, other] of [
            [right, wrong],
            [wrong, right],
          ] as const) {
            const asked = it.clock.monotonic()
            const held = await holder.next(redeliver)
            const left = asked + lease - it.clock.monotonic()
            await other.nothing(left, `a lease goes on, whatever a clock says that is ${leases} leases off`)
            const again = await other.next(redeliver)
            equal(again.message.id, held.message.id, 'what comes back')
            equal(await other.release(again), [], 'exceptions of giving it back')
          }
        }),
      )
    },
  },
  {
    id: 'LSE-14',
    title: 'a lease that cannot be is refused',
    promise:
      'A lease that is no duration, or too short to be renewed in time, is refused before anything is connected.',
    profile: 'full',
    async run(it) {
      for (const lease of [0, -1, 99, Number.NaN, 'soon']) {
        const error = await it.rejects('INVALID_ARGUMENT', () => it.open({ lease: lease as number }))
        check(error.message.includes('lease'), `the refusal of ${lease} does not name the lease: ${error.message}`)
      }
    },
  },
  {
    id: 'LSE-15',
    title: 'what a live consumer holds stays with it until it is closed',
    promise:
      'A holder that lives, and renews where that is needed, keeps its delivery; when it is closed it is back at once, as it was.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease, redeliver }) => 3 * lease + redeliver,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const holder = await it.consume(billing)
      const held = await holder.next()
      const other = await it.consume(billing)
      for (let third = 0; third < 9; third++) {
        await other.nothing(lease / 3, 'its holder lives and renews')
        equal(await holder.renew(held), [], 'what is lost at a renewal')
      }
      await holder.close()
      const atOnce = Math.min(redeliver, lease / 2)
      const { message, attempt, losses } = await other.next(atOnce)
      equal([message.id, attempt, losses], [id, 1, 0], 'id, attempt and losses of what comes back')
    },
  },
  {
    id: 'LSE-16',
    title: 'what waits ahead of the handlers is renewed too',
    promise:
      'Messages that a process has fetched stay its own while they wait for a free handler, however many leases that takes.',
    profile: 'full',
    needs: 'competing:message',
    budget: ({ lease }) => 5 * lease,
    async run(it) {
      const { lease, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 20 * lease })
      const seen = await it.collect(await it.open(), billing, () => it.elapse(lease), { prefetch: 10 })
      const ids = await it.publish(orders, 5)
      const fetched = () => it.history.events.filter(({ kind }) => kind === 'deliver').length
      await it.until(() => fetched() === 5, { what: 'five messages to be fetched' })
      const idle = await it.collect(await it.open(), billing)
      const within = 5 * lease + arrive
      const isOver = () => seen.acked.length === 5 || idle.runs.length > 0
      await it.until(isOver, { within, what: 'five messages to be acked, a lease each' })
      equal([idle.ids, seen.ids], [[], ids], 'the runs of the idle process, and of the one that fetched')
    },
  },
  {
    id: 'LSE-18',
    title: 'what was taken away is not started',
    promise:
      'A fetched message that the broker takes back before its handler begins is not run until it is handed out anew.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const behaviour: Behaviour<Sample> = ({ data }) => (data.n === 1 ? gate.pass() : undefined)
      const seen = await it.collect(broker, billing, behaviour, { prefetch: 10 })
      const ids = await it.publish(orders, 3)
      const isFetched = () => gate.arrived === 1 && adapter.held.length === 3
      await it.until(isFetched, { what: 'one message to run and two to be fetched' })
      equal(
        adapter.takeLeases(({ message }) => message.id !== ids[0]),
        2,
        'how many deliveries were taken away',
      )
      sameMembers(seen.lost, ids.slice(1), 'what the process says it has lost')
      gate.open()
      await it.until(() => seen.acked.length === 3, { within: it.timing.recover, what: 'three messages to be acked' })
      sameMembers(seen.ids, ids, 'the runs: each message once')
      equal(seen.stale, [], 'what was settled although it had been taken away')
    },
  },
  {
    id: 'LSE-19',
    title: 'where losses are not marked, nobody dies of them',
    promise:
      'An adapter that has no place for marks hands out what was lost, again and again, as the attempt that it was.',
    profile: 'full',
    needs: 'losses:none',
    budget: ({ recover, lease, close }) => 6 * (lease + recover + close),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const gate = it.gate()
      const ids = await it.publish(orders, 1)
      for (let death = 1; death <= 5; death++) {
        const [broker, adapter] = await it.openBreakable()
        const seen = await it.collect(broker, billing, () => gate.pass())
        const what = `the message to be run again after ${death - 1} deaths`
        await it.until(() => seen.running === 1, { within: it.timing.lease + it.timing.recover, what })
        equal(seen.attempts, [1], 'its attempt')
        await die(it, broker, adapter)
      }
      const last = await it.collect(await it.open(), billing)
      await it.until(() => last.acked.length === 1, {
        within: it.timing.lease + it.timing.recover,
        what: 'the message to be acked at last',
      })
      equal(last.ids, ids, 'what was acked')
      gate.open()
    },
  },
)
