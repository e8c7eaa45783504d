import type { Gap, Ledger, Publication } from '../ledger.js'

/** The gaps of one subscription: what its unanswered pulls may have taken is nobody's to see. */
export function gapsOf(ledger: Ledger, topic: string, subscription: string): readonly Gap[] {
  const opens = ledger.facts('open').filter(open => open.topic === topic && open.subscription === subscription)
  const ours = new Set(opens.map(({ source }) => source))
  return ledger.gaps.filter(({ source }) => ours.has(source))
}

/** Whether a message was there to be taken by the pull that nobody has seen the answer of. */
export const mayHaveTaken = ({ until }: Gap, { invokedTime }: Publication): boolean => invokedTime <= until
