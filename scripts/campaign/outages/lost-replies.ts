import { lengthOf } from '../length.ts'
import type { Outage } from '../outage.ts'

/** The broker hears everything and does it, and nobody hears of it; then the connections break. */
export const lostReplies: Outage = {
  kind: 'lost-replies',
  group: 'lost-replies',
  hooks: ['proxy'],
  async strike(it, work) {
    const began = work.mark('replies are lost')
    it.link.dropReplies()
    await work.untilUnanswered()
    const struck = work.mark('nobody hears the broker')
    await it.elapse(lengthOf(it))
    // A stream with a hole in it is none that TCP would go on with.
    it.link.cut()
    await it.link.restore()
    return { began, struck, over: work.mark('the network is back') }
  },
}
