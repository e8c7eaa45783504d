import type { Capabilities } from '@pluribus/core/driver'
import { ALL_CLAIMS } from '../claims/all-claims.js'
import { type Claim, claimsOf } from '../claims/claim.js'
import { claimsIn } from '../claims/expression.js'
import { UNPROVABLE } from '../claims/unproved.js'
import type { CaseResult } from '../engine/result.js'
import { countsAs } from '../engine/verdict.js'

/**
 * What a run has shown of a claim.
 *
 * - `verified`: claimed, and at least one case that proves it has passed, and none has failed.
 * - `emulated`: so, by other means than the broker's own.
 * - `unverified`: claimed, and no case has proved it.
 * - `broken`: claimed, and a case that proves it has failed; or not claimed, and its probe has shown that it is accepted.
 * - `stated`: claimed, and nothing could prove it.
 * - `refused`: not claimed, and a probe has shown that it is refused.
 *
 * @example
 * ```ts
 * import type { ClaimStatus } from '@pluribus/conformance'
 *
 * const isGood = (status: ClaimStatus) => status !== 'unverified' && status !== 'broken'
 * ```
 */
export type ClaimStatus = 'verified' | 'emulated' | 'unverified' | 'broken' | 'stated' | 'refused'

/** What of the results is about each claim; claims that are neither made nor probed are not in it. */
export function claimStatuses(
  capabilities: Capabilities,
  results: readonly CaseResult[],
): Readonly<Partial<Record<Claim, ClaimStatus>>> {
  const claimed = new Set(claimsOf(capabilities))
  const statuses: Partial<Record<Claim, ClaimStatus>> = {}
  for (const claim of ALL_CLAIMS) {
    const status = claimed.has(claim) ? claimedStatus(claim, results) : probedStatus(claim, results)
    if (status !== undefined) statuses[claim] = status
  }
  return statuses
}

function claimedStatus(claim: Claim, results: readonly CaseResult[]): ClaimStatus {
  const proofs = results.filter(({ case: { proves } }) => proves?.includes(claim) === true)
  const isBroken = proofs.some(({ verdict }) => countsAs(verdict) === 'failed' || verdict === 'deviation')
  if (isBroken) return 'broken'
  if (proofs.some(({ verdict }) => verdict === 'passed')) return claim.endsWith(':emulated') ? 'emulated' : 'verified'
  return UNPROVABLE[claim] === undefined ? 'unverified' : 'stated'
}

/** A probe is about the claims that its case would have: `REF-lifo` applies where `lifo:exact` is not claimed. */
function probedStatus(claim: Claim, results: readonly CaseResult[]): ClaimStatus | undefined {
  const probes = results.filter(
    ({ case: { id, needs } }) => id.startsWith('REF-') && needs !== undefined && isAbout(claimsIn(needs), claim),
  )
  if (probes.length === 0) return undefined
  return probes.every(({ verdict }) => verdict === 'passed') ? 'refused' : 'broken'
}

/** `lifo:none` is about every value of lifo, `lifo:exact` about that one alone. */
const isAbout = (mentioned: readonly Claim[], claim: Claim): boolean =>
  mentioned.some(
    other => other === claim || (other.endsWith(':none') && claim.startsWith(other.slice(0, -'none'.length))),
  )
