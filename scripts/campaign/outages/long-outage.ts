import type { Outage } from '../outage.ts'

/** How long the broker is away, in milliseconds: much longer than any publish waits. */
const LONG = 60_000

/** The broker is away for a minute, and publishers go on publishing. */
export const longOutage: Outage = {
  kind: 'long-outage',
  group: 'long',
  hooks: ['broker'],
  async strike(it, work) {
    const began = work.mark('the broker is stopped')
    await it.broker.stop()
    const struck = work.mark('the broker is gone')
    await it.elapse(LONG)
    await it.broker.start()
    return { began, struck, over: work.mark('the broker is back') }
  },
}
