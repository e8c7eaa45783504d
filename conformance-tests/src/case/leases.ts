import type { CaseContext } from './context.js'

/**
 * Whether what a source holds is bound to a lease that has to be renewed; otherwise it is its own until its connection ends.
 * To be asked once a source has been opened.
 */
export function hasLeases(it: CaseContext): boolean {
  const opened = it.history.events.findLast(({ kind }) => kind === 'open')
  return opened?.kind === 'open' && opened.lease !== undefined
}

/** For cases about leases: ends the case as skipped where the adapter has none. To be called once a source has been opened. */
export function needsLeases(it: CaseContext): void {
  if (!hasLeases(it)) it.skip('not offered: leases (what is held is its own until its connection ends)')
}

/**
 * Whether the broker notices that a process of the case has died: its leases are renewed no more, or, in virtual time, the
 * timers that its client lives by have stopped. A client in real time lives on behind a broker object that is dead.
 */
export const noticesDeath = (it: CaseContext): boolean => it.isVirtual || hasLeases(it)

/** For cases in which a process dies and is to be missed: ends the case as blocked where only a process of its own can die. */
export function needsDeath(it: CaseContext): void {
  if (!noticesDeath(it)) it.blocked('only a process of its own can die here: see group CRS, with the hook children')
}
