import type { Outage } from '../outage.ts'

/** A consumer stops where it is, and wakes up before or after others have taken its work over. */
export const freezeConsumer: Outage = {
  kind: 'freeze-consumer',
  group: 'freeze',
  hooks: [],
  async strike(it, work) {
    const victim = await work.busyConsumer()
    const began = work.mark(`${victim.process} is frozen`)
    victim.freeze()
    const struck = work.mark(`${victim.process} does nothing`)
    await it.elapse(it.random() * 2 * it.timing.lease)
    work.thaw(victim)
    // The others never stopped: what the frozen one held is theirs a lease after it was frozen.
    return { began, struck, over: struck, victim: victim.process }
  },
}
