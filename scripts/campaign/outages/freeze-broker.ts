import { lengthOf } from '../length.ts'
import type { Outage } from '../outage.ts'

/** The broker stops where it is: connections stay open, and nobody answers. */
export const freezeBroker: Outage = {
  kind: 'freeze-broker',
  group: 'freeze',
  hooks: ['broker'],
  async strike(it, work) {
    const began = work.mark('the broker is frozen')
    await it.broker.freeze()
    const struck = work.mark('the broker does not answer')
    await it.elapse(lengthOf(it))
    await it.broker.resume()
    return { began, struck, over: work.mark('the broker goes on') }
  },
}
