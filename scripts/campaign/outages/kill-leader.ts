import { leaderOf, successorOf } from '../election.ts'
import { ELECTION } from '../limits.ts'
import type { Outage } from '../outage.ts'

/** kill −9 of the process that leads, with all that goes through it; another one takes its place at once. */
export const killLeader: Outage = {
  kind: 'kill-leader',
  group: 'election',
  hooks: ['leader'],
  givesBack: true,
  async strike(it, work) {
    await work.untilBusy()
    const victim = await leaderOf(it)
    const began = work.mark(`kill -9 of ${victim.process}, which leads`)
    await victim.kill()
    const struck = work.mark(`${victim.process} is dead`)
    const next = await successorOf(victim, it, work.patience)
    const over = work.mark(`${next.process} leads`)
    await work.replace(victim)
    return { began, struck, over, electedWithin: ELECTION }
  },
}
