import type { Disk, DiskFile } from './disk.js'
import type { DiskSpace } from './disk-space.js'
import type { LogEnvironment } from './environment.js'
import { type BatchHeader, batchSize, MAX_BATCH_BYTES } from './format/batch-header.js'
import { batchSeed, logSeed } from './format/seeds.js'
import type { SegmentHeader } from './format/segment-header.js'
import { LogError } from './log-error.js'
import { endOfNew, type FirstBatch, prepareSegment } from './new-segment.js'
import type { LogNotice } from './notice.js'
import { insistOnOwnership, outdated } from './ownership.js'
import { type NewRecord, PendingBatch, recordSize } from './pending-batch.js'
import { SegmentEntry, type SegmentTable } from './segment-table.js'
import { isFull, isOutOfHandles, nameFile, writeFully } from './whole-file.js'

/** Offsets in a segment are 32 bits wide. */
const LARGEST_SEGMENT = 0xffff_ffff

/** What a writer is made of. */
export interface WriterParts {
  readonly disk: Disk
  readonly environment: LogEnvironment
  readonly space: DiskSpace
  readonly table: SegmentTable
  /** The last segment of the table, open for writing. */
  readonly file: DiskFile
  readonly logId: Buffer
  readonly generation: number
  /** Sequence number of the next record. */
  readonly next: number
  readonly lastTime: number
  /** Bytes at which the next segment is begun. */
  readonly segmentBytes: number
  /** Bytes that may wait to be committed. */
  readonly pendingBytes: number
  isVital(kind: number): boolean
  /** Throws once another writer may have the folder. */
  verify(): void
  notice(notice: LogNotice): void
}

/**
 * Commits records in batches: what arrives while one batch is being synced is the next, so that a batch is as large as the disk is slow, and
 * no timer is needed.
 *
 * Invariants: one batch is unsynced at most, and it is the last of its segment. A file whose write or sync has failed is never written or
 * synced again: what could not be stored there is stored in a new segment, whose header ends the old one before it. Between the
 * fdatasync of a batch and its acknowledgement the writer makes sure that nobody has replaced it: whoever does, reads after that what it has stored.
 */
export class Writer {
  readonly #parts: WriterParts
  readonly #log: number
  #file: DiskFile
  #lastId: number
  #next: number
  #time: number
  #pending = new PendingBatch()
  #spare = new PendingBatch()
  /**
   * The current segment takes nothing more: its end may already be written in the header of another, or a batch that could not be stored has
   * used up numbers, which only the header of the next one can tell.
   */
  #mustLeave = false
  /** The last attempt to begin a segment came as far as to name it. */
  #isNamed = false
  #failure: LogError | undefined
  #isClosed = false
  #sealed = 0
  /** The commits that are under way, or undefined. */
  #running: Promise<void> | undefined

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#log = logSeed(parts.logId)
    this.#file = parts.file
    this.#lastId = parts.table.current.id
    this.#next = parts.next
    this.#time = parts.lastTime
  }

  get isFailed(): boolean {
    return this.#failure !== undefined
  }

  /** How many batches were begun to be written. */
  get sealed(): number {
    return this.#sealed
  }

  append(record: NewRecord): Promise<number> {
    const refusal = this.#refusal(recordSize(record), record.kind)
    if (refusal !== undefined) return Promise.reject(refusal)
    const sequence = this.#next++
    this.#pending.add(record, sequence, this.#log)
    return this.#wait(sequence)
  }

  /** All of them in one batch, so that all are stored, or none. */
  appendAll(records: readonly NewRecord[]): Promise<number> {
    if (records.length === 0) return Promise.reject(new LogError('INVALID_ARGUMENT', 'There is nothing to append.'))
    let size = 0
    // Most batches are of one kind: of each stretch one is looked at.
    let weakest = (records[0] as NewRecord).kind
    for (const record of records) {
      size += recordSize(record)
      if (record.kind !== weakest) weakest = this.#weaker(weakest, record.kind)
    }
    const refusal = this.#refusal(size, weakest)
    if (refusal !== undefined) return Promise.reject(refusal)
    const sequence = this.#next
    for (const record of records) this.#pending.add(record, this.#next++, this.#log)
    return this.#wait(sequence)
  }

  /**
   * Returns while this writer has the folder.
   *
   * @throws LogError `OUTDATED`, from the first time on, for ever.
   */
  verify(): void {
    if (this.#failure?.code === 'OUTDATED') throw this.#failure
    try {
      insistOnOwnership(this.#parts.verify)
    } catch (error) {
      throw this.#fail(error as LogError)
    }
  }

  /** Commits what waits, takes nothing more, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#file.close()
  }

  /** Which of two kinds decides whether both are taken: one that is none, or one that a full disk refuses. */
  #weaker(one: number, other: number): number {
    if ((one & 0xff) !== one) return one
    return (other & 0xff) !== other || this.#parts.isVital(one) ? other : one
  }

  #wait(sequence: number): Promise<number> {
    this.#running ??= this.#run()
    return new Promise((resolve, reject) => this.#pending.wait(sequence, resolve, reject))
  }

  #refusal(size: number, kind: number): LogError | undefined {
    const { space, isVital, pendingBytes } = this.#parts
    if (this.#isClosed) return new LogError('CLOSED', 'The log has been closed.')
    if (this.#failure !== undefined) return this.#failure
    if ((kind & 0xff) !== kind) return new LogError('INVALID_ARGUMENT', `The kind ${kind} is not from 0 to 255.`)
    if (size > MAX_BATCH_BYTES) {
      return new LogError(
        'TOO_LARGE',
        `The records take ${size} bytes, and a batch has ${MAX_BATCH_BYTES}. Split them.`,
      )
    }
    if (this.#pending.count > 0 && this.#pending.length + size > pendingBytes) {
      return new LogError('OVERLOADED', `${this.#pending.length} bytes wait to be committed already. Try again later.`)
    }
    if (!space.isFull || isVital(kind)) return undefined
    void space.look()
    return new LogError('FULL', 'The disk is full. Make room; the log goes on by itself.')
  }

  async #run(): Promise<void> {
    for (;;) {
      // What the callers of the last batch append when they are told belongs into the next one, so they have a turn of the loop.
      await new Promise<void>(resolve => this.#parts.environment.timers.setImmediate(resolve))
      const batch = this.#pending
      if (batch.count === 0) break
      this.#pending = this.#spare
      this.#spare = batch
      this.#sealed++
      await this.#commit(batch)
      if (this.#failure === undefined) await this.#rollIfLarge()
    }
    // In the same step as the look that found nothing: what is appended from now on begins anew.
    this.#running = undefined
  }

  async #commit(batch: PendingBatch): Promise<void> {
    const { current } = this.#parts.table
    this.#time = Math.max(this.#time, this.#parts.environment.clock.now())
    const header: BatchHeader = {
      kind: 'data',
      length: batch.length,
      first: batch.first,
      count: batch.count,
      time: this.#time,
      generation: this.#parts.generation,
    }
    const offset = current.end.offset + batchSize(header)
    if (offset > LARGEST_SEGMENT) this.#mustLeave = true
    if (this.#mustLeave) return this.#copyForward(batch, header, 'definite')
    try {
      await writeFully(
        this.#file,
        batch.seal(header, batchSeed(this.#log, current.id, current.end.offset)),
        current.end.offset,
      )
      await this.#file.sync()
    } catch (error) {
      this.#mustLeave = true
      if (isFull(error)) await this.#parts.space.exhausted(error)
      return this.#copyForward(batch, header, 'unknown', error)
    }
    try {
      this.verify()
    } catch (error) {
      return this.#giveUp(batch, error, 'unknown')
    }
    current.extend({ offset, next: batch.first + batch.count }, this.#time)
    batch.resolve()
  }

  /** Stores a batch as the first of a new segment. */
  async #copyForward(
    batch: PendingBatch,
    header: BatchHeader,
    outcome: 'definite' | 'unknown',
    cause?: unknown,
  ): Promise<void> {
    try {
      await this.#leave({ header, body: batch.body })
    } catch (error) {
      return this.#giveUp(batch, error, this.#isNamed ? 'unknown' : outcome)
    }
    if (cause !== undefined) this.#parts.notice({ kind: 'copied-forward', error: cause })
    batch.resolve()
  }

  /** Begins the next segment, where the current one ends for good. Unless it fails before it names the file, there is no way back. */
  async #leave(first?: FirstBatch): Promise<void> {
    const { disk, table, logId, generation, notice } = this.#parts
    const { id, end, generation: lastGeneration } = table.current
    this.#isNamed = false
    const header: SegmentHeader = {
      logId,
      id: ++this.#lastId,
      base: first?.header.first ?? end.next,
      previous: { id, generation: lastGeneration, ...end },
      time: this.#time,
      generation,
    }
    const unnamed = await prepareSegment(disk, header, first)
    this.#mustLeave = true
    const abandoned = (error: unknown) => notice({ kind: 'left-over', error })
    try {
      this.verify()
      this.#isNamed = true
      await nameFile(disk, unnamed)
      this.verify()
    } catch (error) {
      await unnamed.file.close().catch(abandoned)
      throw error
    }
    await this.#file.close().catch(abandoned)
    this.#file = unnamed.file
    this.#mustLeave = false
    table.push(
      new SegmentEntry({
        id: header.id,
        base: header.base,
        generation,
        path: unnamed.path,
        end: endOfNew(header, first),
        lastTime: this.#time,
      }),
    )
  }

  async #rollIfLarge(): Promise<void> {
    // Only a segment that begins with a batch can tell where the numbers go on after those that a failure has used up.
    if (this.#mustLeave || this.#parts.table.current.end.offset < this.#parts.segmentBytes) return
    try {
      await this.#leave()
    } catch (error) {
      if (this.#failure !== undefined) return
      this.#parts.notice({ kind: 'roll-failed', error })
      if (isFull(error)) await this.#parts.space.exhausted(error)
    }
  }

  async #giveUp(batch: PendingBatch, cause: unknown, outcome: 'definite' | 'unknown'): Promise<void> {
    if (cause === this.#failure) return batch.reject(outdated({ cause: this.#failure?.cause, outcome }))
    if (isFull(cause)) {
      await this.#parts.space.exhausted(cause)
      return batch.reject(
        new LogError('FULL', 'The disk is full. Make room; the log goes on by itself.', { cause, outcome }),
      )
    }
    if (isOutOfHandles(cause)) {
      const message = 'The process has too many files open. Raise its limit; the log goes on by itself.'
      return batch.reject(new LogError('OVERLOADED', message, { cause, outcome }))
    }
    const message =
      'The disk failed twice in a row, so the log takes no more records. Mend the disk and open the log anew.'
    batch.reject(new LogError('FAILED', message, { cause, outcome }))
    this.#fail(new LogError('FAILED', message, { cause }))
  }

  /** Takes nothing more. */
  #fail(failure: LogError): LogError {
    this.#failure = failure
    this.#parts.notice({ kind: 'failed', error: failure.cause })
    this.#pending.reject(failure)
    return failure
  }
}
