import type { Promises } from '../event.js'
import { type HandOver, isOpen } from '../ledger.js'

/**
 * Whether there may be two of a message. Where a broker cannot settle in one step (`fencing: 'local'`), a retry or a reject
 * is a confirmed copy first and an ack second: when its outcome is in doubt, the copy and the original may both be there.
 */
export const mayBeCopied = (before: readonly HandOver[], { fencing }: Promises): boolean =>
  fencing === 'local' &&
  before.some(({ settles }) => settles.some(({ as, result }) => (as === 'retry' || as === 'reject') && isOpen(result)))
