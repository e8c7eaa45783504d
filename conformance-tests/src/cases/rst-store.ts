import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { persistently } from '../case/persistently.js'

/** Outages of the store behind the broker. */
export const RST_STORE = defineCases({
  id: 'RST-11',
  title: 'a store that takes nothing any more fails publishes, and is as before when it does again',
  promise:
    'Where nothing can be written a publish fails as an error of ours, with its outcome; none is told to be stored.',
  profile: 'full',
  guarantees: [1],
  needs: { not: 'durability:memory' },
  hooks: ['store'],
  budget: ({ recover, delay }) => 4 * recover + 2 * delay,
  async run(it) {
    const orders = it.topic()
    const seen = await it.collect(await it.open(), orders.subscription('billing'))
    const [broker, faults] = await it.openOnFailingStore({ publishTimeout: it.timing.delay })
    const { id: before } = await broker.publish(orders, { n: 1 })
    faults.fail(new Error('ENOSPC: no space left on device'))
    const error: { readonly outcome?: string } | undefined = await broker.publish(orders, { n: 2 }).then(
      () => undefined,
      (thrown: { readonly outcome?: string }) => thrown,
    )
    check(error !== undefined, 'a publish to a full store has resolved')
    check(error.outcome !== undefined, `a publish to a full store has failed without an outcome: ${String(error)}`)
    faults.heal()
    // A broker may notice only after a while that there is room again, and refuse until then.
    const { id: after } = await persistently(it, () => broker.publish(orders, { n: 3 }))
    const within = it.timing.arrive + it.timing.recover
    await it.until(() => seen.acked.includes(after), { within, what: 'what is published afterwards to be acked' })
    equal([seen.acked[0], seen.acked.at(-1)], [before, after], 'what was acked before and afterwards')
  },
})
