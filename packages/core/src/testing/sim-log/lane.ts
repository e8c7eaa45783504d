import { ContiguousFloor } from '../../driver/log/contiguous-floor.js'
import { decodeNote, NOTE_OVERHEAD } from '../../driver/log/handover-note.js'
import { LossLedger } from '../../driver/log/loss-ledger.js'
import type { SimCommit } from '../sim-log-server/group-server.js'
import type { SimBatch } from '../sim-log-server/sim-member.js'
import type { StoredSimRecord } from '../sim-log-server/sim-partition.js'

/** How a lane is read. */
export interface LaneOptions {
  readonly channel: string
  readonly index: number
  readonly instance: string
  /** The most positions that may be in hand from the floor on. */
  readonly span: number
  /** Characters that the server stores beside the floor; 0 for none. */
  readonly noteBytes: number
}

/** A record that may be handed out now, with its ordinal in the lane. */
export interface Admitted {
  readonly record: StoredSimRecord
  readonly ordinal: number
  /** Milliseconds that it had been in the log when it was sent. */
  readonly age: number
}

interface Arrived {
  readonly record: StoredSimRecord
  readonly age: number
}

/**
 * One channel of a partition that we have: the floor, the losses, and what has arrived beyond what may be in hand. What may be
 * in hand is counted from the floor that is *stored*: whoever has the partition after us knows how far we may have got.
 */
export class Lane {
  readonly channel: string
  readonly index: number
  readonly floor: ContiguousFloor
  readonly ledger: LossLedger
  readonly #options: LaneOptions
  readonly #arrived: Arrived[] = []
  #next: number
  #ordinal = 0
  #storedPassed = 0
  #isPaused = false

  constructor(options: LaneOptions, commit: Pick<SimCommit, 'position' | 'note'>) {
    const { channel, index, instance, span, noteBytes } = options
    const note = decodeNote(commit.note, commit.position)
    this.channel = channel
    this.index = index
    this.#options = options
    this.#next = commit.position
    this.ledger = new LossLedger({ note, instance, span })
    const room = noteBytes === 0 ? {} : { room: noteBytes - NOTE_OVERHEAD }
    this.floor = new ContiguousFloor({ floor: commit.position, done: note?.done ?? [], span, ...room })
  }

  /** Where the server is to read on. */
  get next(): number {
    return this.#next
  }

  /** Nothing more fits in hand until something is settled, and that is stored. */
  get isFull(): boolean {
    const { passed, span, isFull } = this.floor
    return isFull || passed - this.#storedPassed + span >= this.#options.span
  }

  arrive({ records, next, time }: SimBatch): void {
    for (const record of records) this.#arrived.push({ record, age: time - record.time })
    this.#next = next
  }

  /** Takes one record out of what has arrived, as long as it fits; what was done before we came is passed over. */
  admit(): Admitted | undefined {
    while (!this.isFull) {
      const arrived = this.#arrived.shift()
      if (arrived === undefined) {
        this.floor.reach(this.#next)
        return undefined
      }
      this.#ordinal++
      if (this.floor.deliver(arrived.record.position)) return { ...arrived, ordinal: this.#ordinal }
    }
    return undefined
  }

  done(position: number): void {
    this.floor.done(position)
    this.ledger.forget(position)
  }

  /** What there is to store now; `given`: the partition is being given back. `stored`: to be called when it is. */
  commit(given = false): { readonly commit: SimCommit; readonly stored: () => void } {
    const { channel, index, floor } = this
    const note = this.#options.noteBytes === 0 ? '' : this.ledger.note(floor, given)
    const { passed } = floor
    const stored = () => {
      this.#storedPassed = Math.max(this.#storedPassed, passed)
    }
    return { commit: { channel, index, position: floor.floor, note }, stored }
  }

  /** What the server is to do from now on; undefined where it does so. */
  flow(isBufferFull: boolean): 'pause' | 'resume' | undefined {
    const isPaused = isBufferFull || this.#arrived.length > 0
    if (isPaused === this.#isPaused) return undefined
    this.#isPaused = isPaused
    return isPaused ? 'pause' : 'resume'
  }

  /** It is read anew from {@link next}. */
  reopened(): void {
    this.#isPaused = false
  }
}
