import type { CaseContext } from './context.js'

/**
 * Whether what a source holds is bound to a lease that has to be renewed. Where it is not, it is bound to the connection:
 * a process that dies without its sockets being closed keeps it. To be asked once a source has been opened.
 */
export function isLeased(it: CaseContext): boolean {
  const opened = it.history.events.findLast(({ kind }) => kind === 'open')
  return opened?.kind === 'open' && opened.lease !== undefined
}

/** For cases in which a consumer dies and its connection does not notice: without leases that takes a process of its own. */
export function needsLeases(it: CaseContext): void {
  if (!isLeased(it))
    it.blocked('nothing is leased here: only a real process that is killed takes its deliveries with it')
}
