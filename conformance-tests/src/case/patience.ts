import type { CaseContext } from './context.js'

/** A handler timeout that no handler of a case outlives, whatever it waits for, in milliseconds. */
export const patience = ({ timing }: CaseContext): number => 10 * (timing.arrive + timing.lease + timing.recover)
