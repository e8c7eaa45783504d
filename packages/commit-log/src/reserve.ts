import type { Disk, DiskFile } from './disk.js'
import { RESERVE } from './paths.js'
import { isFull, nameFile, prepareFile, removeIfThere, writeFully } from './whole-file.js'

const CHUNK = 1024 * 1024

/**
 * Room that is kept for when the disk is full: to free space, a log needs some. What was given away is taken back only when twice as much is
 * free, so that a disk at its limit does not flicker.
 */
export class Reserve {
  readonly #disk: Disk
  readonly #bytes: number

  constructor(disk: Disk, bytes: number) {
    this.#disk = disk
    this.#bytes = bytes
  }

  /** Gives the room away, if it is there. */
  async release(): Promise<void> {
    await removeIfThere(this.#disk, RESERVE)
  }

  /** Whether the room is kept now; false where the disk has too little of it. */
  async fill(): Promise<boolean> {
    if (this.#bytes === 0 || (await this.#isFilled())) return true
    if ((await this.#disk.free()) < 2 * this.#bytes) return false
    try {
      const unnamed = await prepareFile(this.#disk, RESERVE, file => this.#write(file))
      await unnamed.file.close()
      await nameFile(this.#disk, unnamed)
      return true
    } catch (error) {
      if (isFull(error)) return false
      throw error
    }
  }

  async #write(file: DiskFile): Promise<void> {
    const zeros = Buffer.alloc(Math.min(CHUNK, this.#bytes))
    for (let done = 0; done < this.#bytes; done += zeros.length) {
      await writeFully(file, zeros.subarray(0, Math.min(zeros.length, this.#bytes - done)), done)
    }
  }

  async #isFilled(): Promise<boolean> {
    if (!(await this.#disk.list('')).includes(RESERVE)) return false
    const file = await this.#disk.open(RESERVE)
    try {
      return (await file.size()) === this.#bytes
    } finally {
      await file.close()
    }
  }
}
