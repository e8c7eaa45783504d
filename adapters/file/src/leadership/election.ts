import type { Claim, LockFolder } from './lock-folder.js'
import type { LockNote } from './lock-note.js'

/** So many locks stay: whoever comes after as many others finds that its own is gone. */
const KEPT = 16

/** Somebody who offers to lead. It can be reached before it is known. */
export interface Candidate {
  readonly note: LockNote
  /** It does not lead: what it has prepared goes. */
  withdraw(): Promise<void>
}

/** How an election knows the world. */
export interface ElectionParts<Followed, C extends Candidate> {
  readonly locks: LockFolder
  /** The last generation of which there is anything beside the locks. */
  floor(): Promise<number>
  /** A connection to the process of a lock, or undefined where that leads no more: it has ended, or does not answer. */
  follow(note: LockNote, generation: number): Promise<Followed | undefined>
  /** @param origin Of the last lock; undefined for the first. */
  stand(origin: string | undefined): Promise<C>
}

/** What has come of an election. */
export type Elected<Followed, C> =
  | { readonly role: 'follower'; readonly followed: Followed; readonly generation: number }
  | { readonly role: 'leader'; readonly candidate: C; readonly claim: Claim; readonly generation: number }

/**
 * Finds out who leads a folder, and leads it if nobody does.
 *
 * What is certain is the order of the locks: their numbers rise, each is one process's. That there is one leader at a time is not: a process
 * that does not answer may go on later. So a leader acts first, then looks whether there is a later lock, and only then says what it has done;
 * and whoever makes a lock looks at what the one before it has done only after that.
 */
export async function elect<Followed, C extends Candidate>(
  parts: ElectionParts<Followed, C>,
): Promise<Elected<Followed, C>> {
  const standing: { candidate?: C; claim?: Claim } = {}
  try {
    for (;;) {
      const newest = Math.max(0, ...(await parts.locks.generations()))
      const note = newest === 0 ? undefined : await parts.locks.read(newest)
      if (newest > 0 && note === undefined) continue
      const known = note === 'damaged' ? undefined : note
      const followed = known && (await parts.follow(known, newest))
      if (followed !== undefined) return { role: 'follower', followed, generation: newest }
      standing.candidate ??= await parts.stand(known?.origin)
      standing.claim ??= await parts.locks.prepare(standing.candidate.note)
      const { candidate, claim } = standing
      const generation = await claimNext(parts, claim, newest)
      if (generation === undefined) continue
      await parts.locks.discard(claim)
      delete standing.candidate
      delete standing.claim
      return { role: 'leader', candidate, claim, generation }
    }
  } finally {
    if (standing.claim !== undefined) await parts.locks.discard(standing.claim)
    await standing.candidate?.withdraw()
  }
}

/** The generation that is now the claim's, or undefined where somebody else was faster. */
async function claimNext<Followed, C extends Candidate>(
  { locks, floor }: ElectionParts<Followed, C>,
  claim: Claim,
  newest: number,
): Promise<number | undefined> {
  const generation = Math.max(newest, await floor()) + 1
  if (!(await locks.link(claim, generation))) return undefined
  const all = await locks.generations()
  // Whoever slept meanwhile is past before it has begun. Its lock stays: the leader before it would look for it in vain, and go on.
  if (all.some(other => other > generation)) return undefined
  const isAdjacent = generation === newest + 1
  const past = all.filter(other => (isAdjacent ? other <= generation - KEPT : other < generation))
  // The oldest first: nobody may miss the lock after his own and find his own.
  for (const other of past.sort((a, b) => a - b)) await locks.unlink(other)
  return generation
}
