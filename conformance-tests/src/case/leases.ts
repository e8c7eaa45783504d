import type { CaseContext } from './context.js'

/**
 * Whether what a source holds is bound to a lease that has to be renewed; otherwise it is bound to the connection. To be asked
 * once a source has been opened.
 */
export function isLeased(it: CaseContext): boolean {
  const opened = it.history.events.findLast(({ kind }) => kind === 'open')
  return opened?.kind === 'open' && opened.lease !== undefined
}

/** For cases about leases. */
export function needsLeases(it: CaseContext): void {
  if (!isLeased(it)) it.blocked('nothing is leased here')
}

/**
 * Whether the broker notices that a process of the case has died: its leases are renewed no more, or, in virtual time, the
 * timers that its client lives by have stopped. A client in real time lives on behind a broker object that is dead.
 */
export const isMissed = (it: CaseContext): boolean => it.isVirtual || isLeased(it)

/** For cases in which a process dies and is to be missed. */
export function needsDeath(it: CaseContext): void {
  if (!isMissed(it)) it.blocked('only a process of its own can die here: see group CRS, with the hook children')
}
