import { lengthOf } from '../length.ts'
import type { Outage } from '../outage.ts'

/** kill −9 of the broker, which is started again on what it has stored. */
export const killBroker: Outage = {
  kind: 'kill-broker',
  group: 'kill',
  hooks: ['broker'],
  async strike(it, work) {
    await work.untilBusy()
    const began = work.mark('kill -9 of the broker')
    await it.broker.kill()
    const struck = work.mark('the broker is dead')
    await it.elapse(lengthOf(it))
    await it.broker.start()
    return { began, struck, over: work.mark('the broker is back') }
  },
}
