import type { Queue, Setup, Subject } from '../subject.ts'

export const pluribus: Subject = {
  name: 'pluribus',
  what: 'ours, with every default on: retention, leases, timeouts, retries, causation chain',
  keeps: true,
  // Loaded here, so that the process of another subject is spared it.
  open: async (setup: Setup): Promise<Queue> => (await import('./pluribus-queue.ts')).open(setup),
}
