import { constants, fstatSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Disk, DiskFile } from './disk.js'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/**
 * A folder of this machine, as the disk of a log. It is made when the log is opened, mode 0700; its files have mode 0600. The file
 * system must be a local one.
 *
 * @example
 * ```ts
 * import { CommitLog, nodeDisk } from '@pluribus/commit-log'
 *
 * const log = await CommitLog.open({ disk: nodeDisk('./data') })
 * await log.append(1, Buffer.from('hello'))
 * await log.close()
 * ```
 */
export function nodeDisk(folder: string): Disk {
  const at = (path: string) => join(folder, path)
  return {
    makeFolder: path => makeFolder(at(path)),
    list: path => readdir(at(path)),
    open: async path => new NodeFile(await open(at(path), constants.O_RDONLY)),
    create: async path =>
      new NodeFile(await open(at(path), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE)),
    rename: (from, to) => rename(at(from), at(to)),
    remove: path => rm(at(path)),
    syncFolder: path => syncFolder(at(path)),
    free: async () => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    },
  }
}

/** Makes a folder and those above it that are missing, and has each of them known to the one above. */
async function makeFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER })
  if (topmost === undefined) return
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(topmost)) return
  }
}

/** Windows has no such call, and its file systems journal names by themselves. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < target.length) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.write(bytes, 0, bytes.length, position)).bytesWritten
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
    // A file that was removed, or whose folder was, takes writes as before, and keeps none of them.
    if (fstatSync(this.#handle.fd).nlink === 0) {
      throw Object.assign(new Error('The file was removed from its folder while it was written.'), { code: 'ENOENT' })
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
