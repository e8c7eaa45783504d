import type { Consumer } from './consumer.js'
import type { CaseContext } from './context.js'

/** Ends the case as skipped where the adapter has no leases: what is held there is its holder's until the connection ends. */
export function needLeases(it: CaseContext, consumer: Consumer): void {
  if (!consumer.hasLeases) it.skip('not offered: leases (what is held is its own until its connection ends)')
}
