import type { Outage } from '../outage.ts'

/** SIGTERM in the middle of handlers: the consumer finishes what it runs, gives back the rest, and ends by itself. */
export const terminateConsumer: Outage = {
  kind: 'terminate-consumer',
  group: 'terminate',
  hooks: [],
  givesBack: true,
  async strike(_it, work) {
    const victim = await work.busyConsumer()
    const began = work.mark(`SIGTERM to ${victim.process}`)
    victim.terminate()
    await work.untilEnded(victim)
    const struck = work.mark(`${victim.process} has ended`)
    await work.replace(victim)
    return { began, struck: began, over: struck, victim: victim.process }
  },
}
