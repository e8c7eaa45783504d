import type { Outage } from '../outage.ts'

/** kill −9 of every process at once. Where they are the broker, nothing is left but what it has stored. */
export const killAll: Outage = {
  kind: 'kill-all',
  group: 'kill',
  hooks: ['leader'],
  givesBack: true,
  async strike(it, work) {
    await work.untilBusy()
    const began = work.mark('kill -9 of every process')
    await work.killAll()
    const struck = work.mark('every process is dead')
    await it.elapse(it.random() * it.timing.lease)
    await work.begin()
    return { began, struck, over: work.mark('others are at work') }
  },
}
