import type { CaseContext } from './context.js'

/** A handler timeout that no case reaches, in milliseconds: for handlers that wait for something else to happen. */
export const patience = ({ timing }: CaseContext): number => 10 * (timing.arrive + timing.lease + timing.recover)
