import type { Disk } from './disk.js'
import { type Checkpoint, encodeCheckpoint } from './format/checkpoint-file.js'
import { LogError } from './log-error.js'
import { CHECKPOINTS, checkpointPath } from './paths.js'
import { readFile, writeFile } from './whole-file.js'

const KEPT = 2

/** A checkpoint that is on the device. */
export interface StoredCheckpoint {
  readonly serial: number
  readonly path: string
  readonly keepFrom: number
}

/** Keeps the two newest checkpoints: should one break, the log can be read from the other on. */
export class Checkpoints {
  readonly #disk: Disk
  /** The newest first. */
  readonly #stored: StoredCheckpoint[]
  #lastSerial: number

  /** @param stored The newest first. */
  constructor(disk: Disk, stored: readonly StoredCheckpoint[], lastSerial: number) {
    this.#disk = disk
    this.#stored = [...stored]
    this.#lastSerial = lastSerial
  }

  /** Records before it are wanted by no checkpoint, so that their segments may go: 1 until there are two. */
  get keepFrom(): number {
    return this.#stored.length < KEPT ? 1 : Math.min(...this.#stored.map(({ keepFrom }) => keepFrom))
  }

  /** Stores a checkpoint, reads it back, and only then removes what is older than the one before. */
  async store(checkpoint: Checkpoint): Promise<void> {
    const path = checkpointPath(++this.#lastSerial, checkpoint.sequence)
    const bytes = encodeCheckpoint(checkpoint)
    await writeFile(this.#disk, path, bytes)
    if (!(await readFile(this.#disk, path))?.equals(bytes)) {
      await this.#disk.remove(path)
      throw new LogError('DAMAGED', `The checkpoint ${path} reads back altered. The one before it stays in use.`)
    }
    this.#stored.unshift({ serial: this.#lastSerial, path, keepFrom: checkpoint.keepFrom })
    while (this.#stored.length > KEPT) await this.#disk.remove((this.#stored.pop() as StoredCheckpoint).path)
    await this.#disk.syncFolder(CHECKPOINTS)
  }
}
