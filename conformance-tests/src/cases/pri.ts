import { priority } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'

/** Priority. */
export const PRI = defineCases({
  id: 'PRI-01',
  title: 'a backlog is served by priority, and in order within one',
  promise: 'Of what waits, the largest priority is handed out first; those of one priority in the order of publishing.',
  profile: 'core',
  guarantees: [9],
  needs: 'priority:exact',
  refusal: 'REF-priority',
  proves: ['priority:exact'],
  async run(it) {
    const orders = it.topic()
    const levels = Math.min(10, it.capabilities.priorityLevels)
    const count = it.size(60)
    const given = Array.from({ length: count }, () => Math.floor(it.random() * levels))
    const billing = orders.subscription('billing', { discipline: priority({ levels }) })
    await it.publish(orders, count, n => ({ priority: given[n - 1] }))
    const seen = await it.collect(await it.open(), billing)
    await it.until(() => seen.acked.length === count, {
      within: 3 * it.timing.arrive,
      what: `${count} messages to be acked`,
    })
    const expected = given
      .map((level, index) => ({ level, n: index + 1 }))
      .sort((a, b) => b.level - a.level || a.n - b.n)
    equal(
      seen.numbers,
      expected.map(({ n }) => n),
      'the order of the runs',
    )
  },
})
