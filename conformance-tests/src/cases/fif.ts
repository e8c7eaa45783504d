import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'

/** Order of publishing. */
export const FIF = defineCases({
  id: 'FIF-01',
  title: 'one consumer gets a thousand messages in order',
  promise: 'A process begins the runs of a fifo subscription in the order of publishing.',
  profile: 'core',
  guarantees: [8],
  needs: { any: ['fifo:exact', 'fifo:windowed'] },
  refusal: 'REF-fifo',
  proves: ['fifo:exact', 'fifo:windowed'],
  async run(it) {
    const orders = it.topic()
    const count = it.size(1_000)
    const seen = await it.collect(await it.open(), orders.subscription('billing'))
    await it.publish(orders, count)
    await it.until(() => seen.acked.length === count, {
      within: 3 * it.timing.arrive,
      what: `${count} messages to be acked`,
    })
    equal(
      seen.numbers,
      Array.from({ length: count }, (_, index) => index + 1),
      'the order of the runs',
    )
  },
})
