import type { LockNote } from './lock-note.js'

/** A note that is on the device, under a name that says nothing yet. */
export interface Claim {
  readonly note: LockNote
}

/**
 * Where the locks are. A lock is a note under a number, its generation, and the highest one counts. It appears whole or not at all, no
 * two under one number, and it is removed only when it is long past.
 */
export interface LockFolder {
  /** Of the locks, in any order. */
  generations(): Promise<readonly number[]>
  /** Undefined where there is none of that number any more; `'damaged'` where it cannot be read. */
  read(generation: number): Promise<LockNote | 'damaged' | undefined>
  prepare(note: LockNote): Promise<Claim>
  /** Makes a claim the lock of that number, at once; false where there is one. */
  link(claim: Claim, generation: number): Promise<boolean>
  /** Removes a lock, if it is there. */
  unlink(generation: number): Promise<void>
  /** Removes a claim under its first name. A lock that it became stays. */
  discard(claim: Claim): Promise<void>
  /**
   * Returns while the claim is the lock of that number, and there is none of the next. It does not wait for anything.
   *
   * @throws PluribusError `UNAVAILABLE`.
   */
  verify(claim: Claim, generation: number): void
}
