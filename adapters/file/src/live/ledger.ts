import { type CommitLog, LogError, type LogErrorCode, type NewRecord } from '@pluribus/commit-log'
import { folderClosed, settleUncertain } from '../errors.js'
import type { FolderModel } from '../model/folder-model.js'
import type { FolderClock } from './folder-clock.js'

/** What may be on its way to the disk before whoever would add to it waits: a fraction of what the log takes, so that it refuses nobody. */
const ROOM = 8 * 1_024 * 1_024

/** After these a log takes nothing more. */
const ENDS: readonly LogErrorCode[] = ['FAILED', 'OUTDATED']

/** What a ledger tells. */
export interface LedgerEvents {
  /** The log cannot be believed to be as the folder is, or is another's. Perhaps more than once. */
  failed(cause: unknown): void
  /** More was stored. */
  grown(): void
}

/**
 * The log and what it says. A record changes the model once it is on the device, in the order of the log: the log settles
 * its appends in that order, and what is to follow is done in the same step.
 */
export class Ledger {
  readonly log: CommitLog
  readonly model: FolderModel
  readonly clock: FolderClock
  /** Bytes of records since the last checkpoint. */
  uncheckpointed = 0
  readonly #events: LedgerEvents
  #isOver = false
  /** Bytes that were given to the log and not answered yet. */
  #underway = 0
  #waiting: (() => void)[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(log: CommitLog, model: FolderModel, clock: FolderClock, events: LedgerEvents) {
    this.log = log
    this.model = model
    this.clock = clock
    this.#events = events
  }

  /** Nothing is written from now on. */
  end(): void {
    this.#isOver = true
  }

  /**
   * Stores records together, and then applies them, given the sequence number of the first. Where this rejects, nothing was
   * applied.
   */
  commit<T>(records: readonly NewRecord[], apply: (first: number) => T): Promise<T> {
    if (this.#isOver) return Promise.reject(folderClosed())
    let bytes = 0
    for (const { body } of records) bytes += body.length
    this.uncheckpointed += bytes
    this.#underway += bytes
    return this.log.appendAll(records).then(
      first => {
        this.#answered(bytes)
        const applied = apply(first)
        this.model.sequence = first + records.length - 1
        this.#events.grown()
        return applied
      },
      error => {
        this.#answered(bytes)
        if (error instanceof LogError && ENDS.includes(error.code)) this.#events.failed(error)
        throw error
      },
    )
  }

  /** Bytes that are on their way to the disk. */
  get underway(): number {
    return this.#underway
  }

  get hasRoom(): boolean {
    return this.#underway <= ROOM
  }

  /**
   * Returns when there is room for some megabytes: to be waited for before anything is done in memory that has to be stored then,
   * because what the log refuses cannot be undone there.
   */
  async room(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** As `commit`, for what has been done in memory already: where it cannot be stored, the folder has to be read anew. */
  async confirm<T>(records: readonly NewRecord[], apply: (first: number) => T): Promise<T> {
    try {
      return await this.commit(records, apply)
    } catch (error) {
      const cause = settleUncertain(error)
      this.#events.failed(cause)
      throw cause
    }
  }

  /** One after the other: what looks first, then writes, and must find things as they were. */
  exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action)
    this.#turn = done.catch(() => {})
    return done
  }

  #answered(bytes: number): void {
    this.#underway -= bytes
    if (this.#underway > ROOM || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
