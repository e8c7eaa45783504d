import type { Disk } from './disk.js'
import { type Inventory, namesIn, takeInventory } from './inventory.js'
import type { LogReplay } from './log-options.js'
import { type LogReading, type LogVerification, verified } from './log-verification.js'
import { CHECKPOINTS } from './paths.js'
import { surveyLog } from './survey.js'
import { isMissing } from './whole-file.js'

/** Looks at a folder whose writer makes checkpoints meanwhile. Between two of them it writes megabytes. */
const LOOKS = 20

const nothing = (): void => {}

/**
 * A log as it was at one moment, for reading it more than once: changes nothing, whoever writes the log meanwhile.
 *
 * Segments that are removed later cannot be read any more: the reading ends with `ENOENT`, and wants a new snapshot.
 *
 * @example
 * ```ts
 * import { LogSnapshot, nodeDisk } from '@pluribus/commit-log'
 *
 * const snapshot = await LogSnapshot.take(nodeDisk('./data'))
 * const { damage } = await snapshot.read({ record: ({ sequence, body }) => console.log(sequence, body.length) })
 * ```
 */
export class LogSnapshot {
  readonly #disk: Disk
  readonly #inventory: Inventory

  private constructor(disk: Disk, inventory: Inventory) {
    this.#disk = disk
    this.#inventory = inventory
  }

  /**
   * Looks at the names, headers and checkpoints of a log.
   *
   * @throws LogError `FOREIGN`, `UNSUPPORTED_FORMAT`; what the disk throws, as it is.
   */
  static async take(disk: Disk): Promise<LogSnapshot> {
    for (let look = 1; ; look++) {
      const inventory = await lookAt(disk, look === LOOKS)
      if (inventory !== undefined) return new LogSnapshot(disk, inventory)
    }
  }

  /** Whether there is anything of a log at all. */
  get isEmpty(): boolean {
    const { segments, checkpoints } = this.#inventory
    return segments.length + checkpoints.length === 0
  }

  /**
   * Tells the newest checkpoint, and what came behind it, as opening the log does. Damage is passed over: {@link read} tells it.
   *
   * @throws What the disk throws, and what `replay` does.
   */
  async replay(replay: LogReplay, { pace, progress = nothing }: Omit<LogReading, 'record'> = {}): Promise<void> {
    const checkpoint = this.#inventory.checkpoints[0]?.checkpoint
    if (checkpoint !== undefined) replay.restore(checkpoint)
    const after = checkpoint?.sequence ?? 0
    const record: LogReplay['record'] = found => replay.record(found)
    await surveyLog(this.#disk, this.#inventory, { all: false, after, record, progress, pace })
  }

  /**
   * Reads every record.
   *
   * @throws What the disk throws, and what is called meanwhile.
   */
  read(reading: LogReading): Promise<LogVerification> {
    return verified(this.#disk, this.#inventory, reading)
  }
}

/**
 * Undefined where a checkpoint was made meanwhile, since segments go then that the one before still wants. What checkpoints say of the
 * log's end is true of segments whose sizes were asked for later.
 */
async function lookAt(disk: Disk, isLast: boolean): Promise<Inventory | undefined> {
  const before = await namesIn(disk, CHECKPOINTS)
  try {
    const inventory = await takeInventory(disk)
    const after = new Set(await namesIn(disk, CHECKPOINTS))
    const isSettled = before.length === after.size && before.every(name => after.has(name))
    return isSettled || isLast ? inventory : undefined
  } catch (error) {
    if (isMissing(error) && !isLast) return undefined
    throw error
  }
}
