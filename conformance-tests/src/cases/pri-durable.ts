import { priority, reject } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { lostInOrder, mostUrgentFirst, restarted, waited } from '../case/order-trials.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { whenDue } from '../case/when-due.js'

const ODD_FIRST = mostUrgentFirst(2, n => n % 2)

/** Levels through retries, lost leases, delays, dead letters and restarts. */
export const PRI_DURABLE = defineCases(
  {
    id: 'PRI-08',
    title: 'a retry keeps its level, and its place within it',
    promise: 'When a failed message is due again, it comes behind what is more urgent and before its equals.',
    profile: 'full',
    needs: 'priority:exact',
    budget: timing => timing.delay + timing.redeliver,
    async run(it) {
      const orders = it.topic()
      const retry = { attempts: 2, delays: [it.timing.delay] }
      const discipline = priority({ levels: 3 })
      const billing = orders.subscription('billing', { discipline, retry, timeout: patience(it) })
      const broker = await it.open()
      await it.publish(orders, 4, n => ({ priority: n === 4 ? 0 : 1 }))
      const gate = it.gate()
      const seen = await it.collect(broker, billing, ({ data }, { attempt }) => {
        if (data.n === 1 && attempt === 1) throw new Error('once')
        return data.n === 2 ? gate.pass() : undefined
      })
      await it.until(() => gate.arrived === 1, { what: 'the second run to begin' })
      await it.elapse(whenDue(it))
      await broker.publish(orders, { n: 5 }, { priority: 1 })
      await broker.publish(orders, { n: 6 }, { priority: 2 })
      gate.open()
      await untilAcked(it, 6, seen)
      equal(seen.numbers, [1, 2, 6, 1, 3, 5, 4], 'the order of the runs')
    },
  },
  {
    id: 'PRI-09',
    title: 'a delayed message that is due takes its level',
    promise: 'A delayed message comes, from when it is due, before all that is less urgent.',
    profile: 'full',
    needs: ['priority:exact', { not: 'delay:none' }],
    budget: timing => timing.delay + timing.redeliver,
    async run(it) {
      const orders = it.topic()
      const discipline = priority({ levels: 2 })
      const billing = orders.subscription('billing', { discipline, timeout: patience(it) })
      const broker = await it.open()
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass())
      await broker.publish(orders, { n: 0 }, { priority: 1, delay: it.timing.delay })
      await it.publish(orders, 3)
      await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
      await it.elapse(whenDue(it))
      gate.open()
      await untilAcked(it, 4, seen)
      equal(seen.numbers, [1, 0, 2, 3], 'the order of the runs, 0 being the delayed one')
    },
  },
  {
    id: 'PRI-11',
    title: 'a dead letter keeps its priority, and so does its redrive',
    promise: 'A dead letter has the priority that it was published with, and takes that level when it is put back.',
    profile: 'full',
    needs: 'priority:exact',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: priority({ levels: 3 }) })
      const broker = await it.open()
      await it.publish(orders, 3, n => ({ priority: n === 1 ? 2 : 1 }))
      const gate = it.gate()
      let isMended = false
      const seen = await it.collect(broker, billing, ({ data }) => {
        if (data.n === 1) return isMended ? undefined : reject('UNWELL')
        return gate.pass()
      })
      await it.until(() => gate.arrived === 1 && seen.dead.length === 1, { what: 'the most urgent to be dead' })
      isMended = true
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message }) => message.priority),
        [2],
        'the priority of the dead letter',
      )
      equal(await broker.redrive(billing), { redriven: 1, missing: [] }, 'what the redrive answers')
      gate.open()
      await untilAcked(it, 3, seen)
      equal(seen.numbers, [1, 2, 1, 3], 'the order of the runs')
      equal(seen.runs[2]?.message.priority, 2, 'the priority of what was redriven')
    },
  },
  {
    id: 'PRI-13',
    title: 'the levels survive the broker',
    promise: 'When the broker has been killed and is back, what waits is there in the same order.',
    profile: 'full',
    needs: ['priority:exact', { any: ['durability:disk', 'durability:replicated'] }],
    hooks: ['broker'],
    budget: ({ recover }) => 2 * recover,
    run: it => waited(it, ODD_FIRST, () => restarted(it)),
  },
  {
    id: 'PRI-20',
    title: 'the levels are there when nobody is',
    promise: 'When all processes have gone, the next one finds what waits in the same order.',
    profile: 'full',
    needs: 'priority:exact',
    run: it => waited(it, ODD_FIRST),
  },
  {
    id: 'PRI-17',
    title: 'what is lost with its consumer keeps its level, and its place within it',
    promise: 'A message whose lease has ended comes behind what is more urgent and before its equals.',
    profile: 'full',
    needs: ['priority:exact', 'competing:message'],
    budget: timing => timing.lease + timing.redeliver,
    async run(it) {
      const order = mostUrgentFirst(3, n => (n === 4 ? 2 : 1))
      equal(await lostInOrder(it, order), [0, 1, 0, 0], 'how often each had been lost')
    },
  },
)
