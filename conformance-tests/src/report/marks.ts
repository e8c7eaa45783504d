import type { ClaimStatus } from './claim-status.js'

/** One sign for each status, in tables. */
export const MARKS: Readonly<Record<ClaimStatus, string>> = Object.freeze({
  verified: '✓',
  emulated: '≈',
  stated: '·',
  refused: '–',
  unverified: '?',
  broken: '✗',
})
