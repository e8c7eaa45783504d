import { leaderOf, successorOf } from '../election.ts'
import { ELECTION } from '../limits.ts'
import type { Outage } from '../outage.ts'

/** The process that leads stops where it is, is replaced, and goes on without knowing that. */
export const freezeLeader: Outage = {
  kind: 'freeze-leader',
  group: 'election',
  hooks: ['leader'],
  givesBack: true,
  async strike(it, work) {
    await work.untilBusy()
    const victim = await leaderOf(it)
    const began = work.mark(`${victim.process}, which leads, is frozen`)
    victim.freeze()
    const struck = work.mark(`${victim.process} does nothing`)
    const next = await successorOf(victim, it, work.patience)
    const over = work.mark(`${next.process} leads`)
    await it.elapse(it.random() * it.timing.lease)
    work.thaw(victim)
    return { began, struck, over, electedWithin: it.leadership.timeout + ELECTION }
  },
}
