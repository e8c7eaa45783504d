import { execFileSync } from 'node:child_process'
import { copyFileSync, renameSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestBroker } from '@pluribus/test-brokers'
import { onTestFinished } from 'vitest'

const MEGABYTE = 1_024 * 1_024

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { stdio: 'pipe' })

/** Where a server keeps its data. */
export const dataOf = ({ port }: TestBroker): string => join(tmpdir(), `pluribus-broker-${port}`, 'data')

/**
 * A disk that a server has to itself: a file system in a file, behind a loop device. The file is what a real disk would be: it has what
 * the file system has handed on, and not what that keeps in memory until somebody syncs.
 */
export class OwnDisk {
  readonly #folder: string
  readonly #image: string

  private constructor(folder: string, image: string) {
    this.#folder = folder
    this.#image = image
  }

  /** Gives one to a server, which must not run. Undefined where this machine lets nobody mount: that takes root, and loop devices. */
  static give(server: TestBroker, megabytes: number): OwnDisk | undefined {
    const folder = dataOf(server)
    const disk = new OwnDisk(folder, `${folder}.image`)
    writeFileSync(disk.#image, '')
    truncateSync(disk.#image, megabytes * MEGABYTE)
    const { uid, gid } = statSync(folder)
    try {
      run('mkfs.ext4', '-q', '-F', '-m', '0', '-E', `root_owner=${uid}:${gid}`, disk.#image)
      disk.#mount()
    } catch {
      rmSync(disk.#image)
      return undefined
    }
    onTestFinished(() => void run('umount', '-l', folder))
    return disk
  }

  /** Everything that is written so far is on it. */
  sync(): void {
    run('sync', '-f', this.#folder)
  }

  /** Only so much room is left on it. */
  leave(megabytes: number): void {
    const { bavail, bsize } = statfsSync(this.#folder)
    run('fallocate', '-l', String(bavail * bsize - megabytes * MEGABYTE), this.#ballast)
  }

  /** The room that {@link leave} has taken is there again. */
  leaveAll(): void {
    rmSync(this.#ballast)
  }

  /** The power of the server's machine goes off, in the middle of what it does, and comes back. Then it may be started. */
  async cutPower(server: TestBroker): Promise<void> {
    // What is in the image now is what is there when the power is back: what it is written afterwards is thrown away.
    await server.freeze()
    const left = `${this.#image}.left`
    copyFileSync(this.#image, left)
    await server.kill()
    run('umount', this.#folder)
    renameSync(left, this.#image)
    this.#mount()
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast')
  }

  #mount(): void {
    run('mount', '-o', 'loop', this.#image, this.#folder)
  }
}
