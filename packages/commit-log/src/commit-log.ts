import { Checkpoints } from './checkpoints.js'
import { DiskSpace, withReserve } from './disk-space.js'
import { encodeCleanMark } from './format/clean-mark.js'
import type { LogRecord } from './format/record-frame.js'
import { logSeed } from './format/seeds.js'
import { LogError } from './log-error.js'
import { type LogOptions, type ResolvedOptions, resolveOptions, within } from './log-options.js'
import { LogReader } from './log-reader.js'
import { CLEAN, SEGMENTS } from './paths.js'
import type { NewRecord } from './pending-batch.js'
import { type RecoveredLog, type RecoveryReport, recoverLog } from './recovery.js'
import { Reserve } from './reserve.js'
import { SegmentTable } from './segment-table.js'
import { removeIfThere, writeFile } from './whole-file.js'
import { Writer } from './writer.js'

/**
 * What is asked of a checkpoint.
 *
 * @example
 * ```ts
 * import type { CheckpointRequest } from '@pluribus/commit-log'
 *
 * const request: CheckpointRequest = { sequence: 1000, state: Buffer.from('{"paid":7}'), keepFrom: 900 }
 * ```
 */
export interface CheckpointRequest {
  /** The state is that after this record, which must be on the device; 0 before the first. */
  readonly sequence: number
  /** Handed back to `LogReplay.restore`. */
  readonly state: Uint8Array
  /** Records before it are no longer wanted: at most `sequence + 1`, and never less than before. Default: as before. */
  readonly keepFrom?: number
}

/**
 * A stretch of a log that is one file.
 *
 * @example
 * ```ts
 * import type { SegmentInfo } from '@pluribus/commit-log'
 *
 * const olderThan = (segments: readonly SegmentInfo[], time: number) => segments.filter(({ lastTime }) => lastTime < time)
 * ```
 */
export interface SegmentInfo {
  readonly id: number
  /** Sequence number of its first record. */
  readonly first: number
  /** Sequence number after its last record: as `first` where it has none. */
  readonly next: number
  readonly bytes: number
  /** Milliseconds since the epoch: when its last batch was committed, or it was made. */
  readonly lastTime: number
}

/**
 * A log: records in one order, on the disk before an append returns. One writer at a time may have a folder open; that it is
 * alone is its caller's to see to.
 *
 * @example
 * ```ts
 * import { CommitLog, nodeDisk } from '@pluribus/commit-log'
 *
 * const log = await CommitLog.open({ disk: nodeDisk('./data') })
 * const sequence = await log.append(1, Buffer.from('hello'))
 * for await (const records of log.read(sequence)) console.log(records.map(({ body }) => String(body)))
 * await log.close()
 * ```
 */
export class CommitLog {
  /** What was found when it was opened. */
  readonly recovery: RecoveryReport
  /** Of this writer. */
  readonly generation: number
  readonly #options: ResolvedOptions
  readonly #logId: Buffer
  readonly #table: SegmentTable
  readonly #writer: Writer
  readonly #reader: LogReader
  readonly #checkpoints: Checkpoints
  readonly #space: DiskSpace
  #keepFrom: number
  /** Checkpoints are made one after the other. */
  #checkpointing: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  private constructor(options: ResolvedOptions, space: DiskSpace, recovered: RecoveredLog) {
    const { disk, environment, limits, verify, vitalKinds, notice } = options
    const { checkpoints } = recovered.inventory
    this.#options = options
    this.#space = space
    this.recovery = recovered.report
    this.generation = recovered.generation
    this.#logId = recovered.logId
    this.#table = new SegmentTable(recovered.segments)
    this.#reader = new LogReader(disk, this.#table, logSeed(recovered.logId), () => this.#keepFrom)
    this.#checkpoints = new Checkpoints(disk, recovered.inventory, recovered.generation)
    this.#keepFrom = Math.max(1, ...checkpoints.map(({ checkpoint }) => checkpoint.keepFrom))
    this.#writer = new Writer({
      ...recovered,
      ...limits,
      disk,
      environment,
      verify,
      notice,
      space,
      table: this.#table,
      isVital: kind => vitalKinds.has(kind),
    })
  }

  /**
   * Opens the log in a folder, or begins one.
   *
   * @throws LogError `DAMAGED`, `FOREIGN`, `UNSUPPORTED_FORMAT`, `OUTDATED`, `INVALID_ARGUMENT`; what the disk throws, as it is: `ENOENT`, too, where a writer that
   * was replaced a moment ago has just removed or moved a file. Opening again helps.
   */
  static async open(options: LogOptions): Promise<CommitLog> {
    const resolved = resolveOptions(options)
    const { disk, environment, limits, notice } = resolved
    const space = new DiskSpace(new Reserve(disk, limits.reserveBytes), environment, notice)
    const recovered = await recoverLog(resolved, space)
    await space.lookNow()
    return new CommitLog(resolved, space, recovered)
  }

  /** Sequence number of the next record that will be on the device. */
  get next(): number {
    return this.#table.current.end.next
  }

  /**
   * How many batches this writer has begun to write. What is appended while this stays the same is stored together, or not at all; what is
   * appended later may be stored where that was not.
   */
  get sealed(): number {
    return this.#writer.sealed
  }

  /** Records before it are no longer wanted, as the last checkpoint says. */
  get keepFrom(): number {
    return this.#keepFrom
  }

  /** The segments, oldest first. */
  get segments(): readonly SegmentInfo[] {
    return this.#table.entries.map(({ id, base, end, lastTime }) => ({
      id,
      first: base,
      next: Math.max(base, end.next),
      bytes: end.offset,
      lastTime,
    }))
  }

  /**
   * Stores a record. Returns its sequence number once it is on the device.
   *
   * @param kind 0 to 255, for the caller.
   * @param body Copied before this returns.
   * @throws LogError `TOO_LARGE`, `OVERLOADED`, `FULL`, `FAILED`, `OUTDATED`, `CLOSED`. Its `outcome` says whether the record may show all the same.
   */
  append(kind: number, body: Uint8Array): Promise<number> {
    return this.#writer.append({ kind, body })
  }

  /**
   * Stores records together: after a crash there are all of them or none. Returns the sequence number of the first.
   *
   * @param records At least one, and at most 32 MiB with 9 bytes for each.
   * @throws LogError As `append`; `INVALID_ARGUMENT` when there are none.
   */
  appendAll(records: readonly NewRecord[]): Promise<number> {
    return this.#writer.appendAll(records)
  }

  /**
   * The records from a sequence number on, some at a time, up to the last one that is on the device when the reader comes to it. Those that are
   * not kept any more are passed over, as are those that were declared lost.
   *
   * @throws LogError `DAMAGED`, where it comes to bytes that are not what was written.
   */
  read(from: number): AsyncIterable<readonly LogRecord[]> {
    return this.#reader.read(from)
  }

  /**
   * Stores a state, from which the log is opened without the records before it, and removes the segments that the last two
   * checkpoints agree are no longer wanted.
   *
   * @throws LogError `INVALID_ARGUMENT`, `CLOSED`, `DAMAGED`, `OUTDATED`; what the disk throws, as it is.
   */
  checkpoint(request: CheckpointRequest): Promise<void> {
    const done = this.#checkpointing.then(() => this.#checkpoint(request))
    this.#checkpointing = done.catch(() => {})
    return done
  }

  /** Commits what was appended, and marks the log as closed in good order. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #checkpoint({ sequence, state, keepFrom = this.#keepFrom }: CheckpointRequest): Promise<void> {
    if (this.#closing !== undefined) throw new LogError('CLOSED', 'The log has been closed.')
    this.#writer.verify()
    const { id, end } = this.#table.current
    within('sequence', sequence, 0, end.next - 1)
    within('keepFrom', keepFrom, this.#keepFrom, Math.max(this.#keepFrom, sequence + 1))
    const checkpoint = {
      logId: this.#logId,
      sequence,
      keepFrom,
      next: end.next,
      segmentId: id,
      state: Buffer.from(state.buffer, state.byteOffset, state.byteLength),
    }
    await withReserve(this.#space, () => this.#checkpoints.store(checkpoint))
    this.#keepFrom = keepFrom
    await this.#trim()
  }

  /** The oldest go first, so that what is left is always a log. */
  async #trim(): Promise<void> {
    const { disk } = this.#options
    let removed = 0
    for (;;) {
      const oldest = this.#table.takeBefore(this.#checkpoints.keepFrom)
      if (oldest === undefined) break
      this.#writer.verify()
      await removeIfThere(disk, oldest.path)
      removed++
    }
    if (removed === 0) return
    await disk.syncFolder(SEGMENTS)
    if (this.#space.isFull) await this.#space.lookNow()
  }

  async #close(): Promise<void> {
    await this.#checkpointing
    await this.#writer.close()
    if (this.#writer.isFailed) return
    const { id, end } = this.#table.current
    const mark = encodeCleanMark({ logId: this.#logId, segmentId: id, end })
    try {
      this.#writer.verify()
      await withReserve(this.#space, () => writeFile(this.#options.disk, CLEAN, mark))
    } catch (error) {
      this.#options.notice({ kind: 'unclean', error })
    }
  }
}
