import type { Disk } from './disk.js'
import { type Checkpoint, encodeCheckpoint } from './format/checkpoint-file.js'
import type { Inventory } from './inventory.js'
import { LogError } from './log-error.js'
import { CHECKPOINTS, checkpointPath } from './paths.js'
import { readFile, removeIfThere, writeFile } from './whole-file.js'

const KEPT = 2

/** A checkpoint that is on the device. */
interface StoredCheckpoint {
  readonly path: string
  readonly keepFrom: number
}

/** Keeps the two newest checkpoints: should one break, the log can be read from the other on. */
export class Checkpoints {
  readonly #disk: Disk
  readonly #generation: number
  /** The newest first. */
  readonly #stored: StoredCheckpoint[]
  #lastSerial: number

  /** @param generation Of the writer. */
  constructor(disk: Disk, { checkpoints, lastSerial }: Inventory, generation: number) {
    this.#disk = disk
    this.#generation = generation
    this.#stored = checkpoints.map(({ path, checkpoint: { keepFrom } }) => ({ path, keepFrom }))
    this.#lastSerial = lastSerial
  }

  /** Records before it are wanted by no checkpoint, so that their segments may go: 1 until there are two. */
  get keepFrom(): number {
    return this.#stored.length < KEPT ? 1 : Math.min(...this.#stored.map(({ keepFrom }) => keepFrom))
  }

  /** Stores a checkpoint, reads it back, and only then removes what is older than the one before. */
  async store(checkpoint: Checkpoint): Promise<void> {
    const { sequence } = checkpoint
    const path = checkpointPath({ serial: ++this.#lastSerial, sequence, generation: this.#generation })
    const bytes = encodeCheckpoint(checkpoint)
    await writeFile(this.#disk, path, bytes)
    if (!(await readFile(this.#disk, path))?.equals(bytes)) {
      await this.#disk.remove(path)
      throw new LogError('DAMAGED', `The checkpoint ${path} reads back altered. The one before it stays in use.`)
    }
    this.#stored.unshift({ path, keepFrom: checkpoint.keepFrom })
    while (this.#stored.length > KEPT) {
      await removeIfThere(this.#disk, (this.#stored.pop() as StoredCheckpoint).path)
    }
    await this.#disk.syncFolder(CHECKPOINTS)
  }
}
