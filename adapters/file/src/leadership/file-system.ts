import { type ErrorCode, PluribusError } from '@pluribus/core/driver'

/** How far locks and sockets in a folder can be trusted, by the kind of its file system. */
export type Trust = 'local' | 'memory' | 'shared'

/** Magic numbers of Linux (`statfs(2)`). Those of FUSE may be anything, a network included. */
const SHARED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB 2'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x73757245, 'Coda'],
  [0x786f4256, 'a shared folder of VirtualBox'],
])
const MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

/** @param type As `statfs` tells it. Other systems than Linux have other numbers; there nothing is known, and nothing refused. */
export function trustIn(type: number, platform = process.platform): Trust {
  if (platform !== 'linux') return 'local'
  const unsigned = type >>> 0
  if (SHARED.has(unsigned)) return 'shared'
  return MEMORY.has(unsigned) ? 'memory' : 'local'
}

/** The folder is where other machines may write to it as well. */
export const sharedFolder = (folder: string, type: number): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `The folder ${folder} is on ${SHARED.get(type >>> 0)}, where two machines could both believe to have it. Use a local disk, or set ` +
      'unsafeFilesystem: true if only this machine uses the folder.',
    { details: { folder, type } },
  )

const REASONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EROFS: ['UNAUTHORIZED', 'its file system is mounted read-only. Mount it for writing'],
  EACCES: ['UNAUTHORIZED', 'this user may not write there. Give it the folder'],
  EPERM: [
    'UNSUPPORTED',
    'its file system does not allow this, or has no hard links. Use another one, such as ext4 or APFS',
  ],
  ENOTSUP: ['UNSUPPORTED', 'its file system has no hard links or no sockets. Use another one, such as ext4 or APFS'],
  ENOTDIR: ['INVALID_CONFIGURATION', 'there is a file in its place. Name another folder'],
  EEXIST: ['INVALID_CONFIGURATION', 'there is a file in its place. Name another folder'],
  ENOSPC: ['UNAVAILABLE', 'its disk is full. Make room'],
  EDQUOT: ['UNAVAILABLE', 'this user may store no more. Make room'],
  EMFILE: ['UNAVAILABLE', 'this process has too many files open. Raise its limit'],
}

/** What a call of the system said about a folder, with what to do about it; anything unknown as it is. */
export function explainFolderError(folder: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const [known, reason] = REASONS[code] ?? []
  if (known === undefined) return cause
  return new PluribusError(known, `The folder ${folder} cannot be used: ${reason}.`, { cause, details: { folder } })
}
