import { isPluribusError, PluribusError } from '@pluribus/core/driver'
import type { Trust } from './file-system.js'
import type { LockNote } from './lock-note.js'

/** Where a lock was found. */
export interface LockPlace {
  readonly path: string
  readonly trust: Trust
  /** Name of this machine. */
  readonly host: string
}

/**
 * Whether what a connection to the process of a lock failed with says that it leads no more; false where that remains to be seen.
 *
 * @throws PluribusError `CONFLICT` where another machine may know better; any other failure as it is.
 */
export function hasEnded({ path, trust, host }: LockPlace, note: LockNote, error: unknown): boolean {
  if (!isPluribusError(error)) throw error
  const { code, details } = error
  if (code === 'TIMEOUT') return true
  if (code === 'DECODING') return false
  if (code !== 'UNAVAILABLE') throw error
  if (details.reason !== 'refused') return false
  // On one machine a socket refuses only when its process has ended, down to its last write.
  if (trust !== 'shared' || note.host === host) return true
  throw new PluribusError(
    'CONFLICT',
    `Process ${note.pid} of the machine ${note.host} may have the folder, and cannot be asked from here. Once it has certainly ended, ` +
      `remove the newest file lock.* from ${path}.`,
    { details: { host: note.host, pid: note.pid } },
  )
}
