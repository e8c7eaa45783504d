import type { CaseContext } from './context.js'

/** Milliseconds after which something that was delayed by `timing.delay` is surely there. */
export const whenDue = ({ timing, capabilities }: CaseContext): number =>
  timing.delay + capabilities.delayTick + timing.redeliver
