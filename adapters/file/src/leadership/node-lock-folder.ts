import { randomBytes } from 'node:crypto'
import { constants, type Stats, statSync } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { PluribusError } from '@pluribus/core/driver'
import { explainFolderError, sharedFolder, type Trust, trustIn } from './file-system.js'
import type { Claim, LockFolder } from './lock-folder.js'
import { decodeLockNote, encodeLockNote, type LockNote } from './lock-note.js'
import { socketAddress } from './socket-address.js'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600
const LOCK = /^lock\.([0-9a-f]{8})$/
const SOCKET = /^s\.([0-9a-f]{16})$/
const CLAIM = /^c\.([0-9a-f]{16})$/
const LONGEST_NOTE = 4096
const QUIET = { throwIfNoEntry: false } as const

const lockName = (generation: number) => `lock.${generation.toString(16).padStart(8, '0')}`

class FileClaim implements Claim {
  readonly note: LockNote
  readonly name: string
  readonly device: number
  readonly inode: number

  constructor(note: LockNote, name: string, { dev, ino }: Stats) {
    this.note = note
    this.name = name
    this.device = dev
    this.inode = ino
  }
}

/**
 * Locks in a folder of this machine, mode 0700. A lock is a hard link: it has its content when it gets its name, and nobody's is replaced.
 *
 * ```
 * lock.<generation>   a note, mode 0600; the last 16 stay
 * s.<id>              the socket of a process that leads, or stands
 * c.<id>              the note of one that stands
 * ```
 */
export class NodeLockFolder implements LockFolder {
  readonly path: string
  readonly trust: Trust
  readonly #handle: FileHandle

  private constructor(path: string, trust: Trust, handle: FileHandle) {
    this.path = path
    this.trust = trust
    this.#handle = handle
  }

  /**
   * Opens the folder of the locks, and makes it where there is none.
   *
   * @throws PluribusError `INVALID_CONFIGURATION` where others may write there, or the file system is shared with other machines.
   */
  static async open(path: string, allowShared: boolean): Promise<NodeLockFolder> {
    try {
      await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER })
      insistOnPrivacy(path, await lstat(path))
      const { type } = await statfs(path)
      const trust = trustIn(type)
      if (trust === 'shared' && !allowShared) throw sharedFolder(path, type)
      return new NodeLockFolder(path, trust, await open(path, 'r'))
    } catch (error) {
      throw explainFolderError(path, error)
    }
  }

  /** A name for a socket that nobody has. */
  static newSocket(): string {
    return `s.${randomBytes(8).toString('hex')}`
  }

  /** Where a socket of this folder listens. */
  addressOf(socket: string): string {
    return socketAddress(this.path, this.#handle.fd, socket)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async generations(): Promise<readonly number[]> {
    const names = await readdir(this.path)
    return names.flatMap(name => {
      const digits = LOCK.exec(name)?.[1]
      return digits === undefined ? [] : [Number.parseInt(digits, 16)]
    })
  }

  async read(generation: number): Promise<LockNote | 'damaged' | undefined> {
    try {
      return decodeLockNote(await readSmallFile(join(this.path, lockName(generation)))) ?? 'damaged'
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw explainFolderError(this.path, error)
    }
  }

  async prepare(note: LockNote): Promise<Claim> {
    const name = note.socket.replace(SOCKET, 'c.$1')
    try {
      const file = await open(join(this.path, name), 'wx', PRIVATE_FILE)
      try {
        await file.writeFile(encodeLockNote(note))
        await file.sync()
        return new FileClaim(note, name, await file.stat())
      } finally {
        await file.close()
      }
    } catch (error) {
      throw explainFolderError(this.path, error)
    }
  }

  async link(claim: Claim, generation: number): Promise<boolean> {
    try {
      await link(join(this.path, (claim as FileClaim).name), join(this.path, lockName(generation)))
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw explainFolderError(this.path, error)
    }
    if (process.platform !== 'win32') await this.#handle.sync()
    return true
  }

  async unlink(generation: number): Promise<void> {
    await rm(join(this.path, lockName(generation)), { force: true })
  }

  async discard(claim: Claim): Promise<void> {
    await rm(join(this.path, (claim as FileClaim).name), { force: true })
  }

  verify(claim: Claim, generation: number): void {
    const { inode, device } = claim as FileClaim
    const next = statSync(join(this.path, lockName(generation + 1)), QUIET)
    const own = statSync(join(this.path, lockName(generation)), QUIET)
    if (next === undefined && own?.ino === inode && own.dev === device) return
    const what =
      next === undefined
        ? 'Its lock is gone: the folder was moved, removed or replaced'
        : 'Another process has taken it over'
    throw new PluribusError('UNAVAILABLE', `This process leads the folder no more. ${what}. Connect anew.`, {
      details: { folder: this.path, generation },
    })
  }

  /** Sockets and claims, but for one's own. Those of processes that have ended may be removed. */
  async leftovers(own: string): Promise<readonly string[]> {
    const names = await readdir(this.path)
    const ids = new Set(names.flatMap(name => SOCKET.exec(name)?.[1] ?? CLAIM.exec(name)?.[1] ?? []))
    return [...ids].map(id => `s.${id}`).filter(socket => socket !== own)
  }

  async removeLeftover(socket: string): Promise<void> {
    await rm(join(this.path, socket.replace(SOCKET, 'c.$1')), { force: true })
    await rm(join(this.path, socket), { force: true })
  }
}

/** What a file has; nothing where it is too long, or no file: whatever stands there, reading it neither waits nor goes elsewhere. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await file.stat()
    return stats.isFile() && stats.size <= LONGEST_NOTE ? await file.readFile('utf8') : ''
  } finally {
    await file.close()
  }
}

function insistOnPrivacy(path: string, stats: Stats): void {
  const own = process.getuid?.()
  if (own === undefined) return
  const { mode, uid } = stats
  if (stats.isDirectory() && uid === own && (mode & 0o077) === 0) return
  throw new PluribusError(
    'INVALID_CONFIGURATION',
    `The folder ${path} holds what lets a process act for this user, and must be a folder of its own, mode 0700. It has the mode ` +
      `${(mode & 0o777).toString(8)} and belongs to user ${uid}. Correct that, or remove it while no process uses it.`,
  )
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
