import type { Publication } from '../ledger.js'

/**
 * Whether one publish stands before another: it had resolved before the other was made, or one process made it in an
 * earlier batch, or earlier in the same one.
 */
export function precedes(earlier: Publication, later: Publication): boolean {
  if (earlier.resolved < later.invoked) return true
  if (earlier.process !== later.process) return false
  return earlier.batch < later.batch || (earlier.batch === later.batch && earlier.index < later.index)
}
