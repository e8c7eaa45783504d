import { lifo } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'

/** The latest first. */
export const LFO = defineCases(
  {
    id: 'LFO-01',
    title: 'a backlog is served from its end',
    promise: 'Of what waits, a lifo subscription hands out the latest first.',
    profile: 'core',
    guarantees: [9],
    needs: 'lifo:exact',
    refusal: 'REF-lifo',
    proves: ['lifo:exact'],
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const billing = orders.subscription('billing', { discipline: lifo() })
      await it.publish(orders, count)
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length === count, {
        within: 3 * it.timing.arrive,
        what: `${count} messages to be acked`,
      })
      equal(
        seen.numbers,
        Array.from({ length: count }, (_, index) => count - index),
        'the order of the runs',
      )
    },
  },
  {
    id: 'LFO-02',
    title: 'what arrives meanwhile is next',
    promise: 'A message that is published while another one runs is handed out before all that has waited longer.',
    profile: 'core',
    needs: 'lifo:exact',
    refusal: 'REF-lifo',
    proves: ['lifo:exact'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      const broker = await it.open()
      await it.publish(orders, 3)
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass())
      await it.until(() => gate.arrived === 1, { what: 'the first run to begin' })
      await broker.publish(orders, { n: 4 })
      gate.open()
      await it.until(() => seen.acked.length === 4, { what: 'four messages to be acked' })
      equal(seen.numbers, [3, 4, 2, 1], 'the order of the runs')
    },
  },
)
