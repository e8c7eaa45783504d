import { Failure } from '@pluribus/conformance'
import { lengthOf } from '../length.ts'
import type { Outage } from '../outage.ts'

/** Everything is deleted from under publishers and consumers: topics, subscriptions, what they held. */
export const wipeBroker: Outage = {
  kind: 'wipe-broker',
  group: 'wipe',
  hooks: ['broker'],
  forgets: true,
  async strike(it, work) {
    const { broker } = it
    if (broker.wipe === undefined) throw new Failure("The target's broker cannot be wiped.")
    const began = work.mark('kill -9 of the broker')
    await broker.kill()
    const struck = work.mark('the broker is dead')
    await broker.wipe()
    await it.elapse(lengthOf(it))
    work.forget()
    await broker.start()
    return { began, struck, over: work.mark('the broker is back, and empty') }
  },
}
