import type { Outage } from '../outage.ts'

/** kill −9 of a consumer in the middle of its work; the other one goes on, and a new one comes. */
export const killConsumer: Outage = {
  kind: 'kill-consumer',
  group: 'kill',
  hooks: [],
  async strike(it, work) {
    const victim = await work.busyConsumer()
    const began = work.mark(`kill -9 of ${victim.process}`)
    await victim.kill()
    const struck = work.mark(`${victim.process} is dead`)
    await it.elapse(it.random() * it.timing.lease)
    await work.replace(victim)
    return { began, struck, over: struck, victim: victim.process }
  },
}
