import type { Retention } from '@pluribus/core/driver'
import type { PendingCounts } from '@pluribus/queue'
import type { MessageLog } from './message-log.js'

/** Bytes of handled messages that a topic keeps at most where its retention names none: memory is not a disk. */
const MOST_BYTES = 64 * 1_024 * 1_024
/** How far a topic may outgrow its bytes before publishing sweeps it: a sweep looks at up to a chunk of positions. */
const SLACK = 1.125
/** Messages after which publishing sweeps: what is removed within milliseconds never leaves the young generation. */
const SWEEP_EVERY = 4_096

/**
 * Removes what is past a topic's retention and pending in no subscription. What is pending is kept for as long as it is,
 * wherever it stands: a dead letter of last year does not keep what was handled after it.
 */
export class RetentionRule {
  readonly #log: MessageLog
  readonly #pending: PendingCounts
  #rule: Required<Pick<Retention, 'bytes'>> & Retention
  /** Retention by bytes keeps what stands here and after. Moves forward only. */
  #floor = 1
  /** Bytes of the messages from the floor on. */
  #bytes = 0
  /** Messages stored since the last sweep. */
  #unswept = 0

  constructor(log: MessageLog, pending: PendingCounts, rule: Retention) {
    this.#log = log
    this.#pending = pending
    this.#rule = { bytes: MOST_BYTES, ...rule }
  }

  /** Another rule from now on. */
  change(rule: Retention): void {
    this.#rule = { bytes: MOST_BYTES, ...rule }
    this.#floor = 1
    this.#bytes = 0
    const log = this.#log
    for (let at = log.next(1); at < log.end; at = log.next(at + 1)) this.#bytes += log.sizeAt(at)
  }

  /** Accounts for the message that was appended at a position. */
  stored(position: number): void {
    this.#unswept++
    this.#bytes += this.#log.sizeAt(position)
  }

  /** Whether a sweep is worth its while before the next housekeeping. */
  get overdue(): boolean {
    return this.#unswept >= SWEEP_EVERY || this.#bytes > this.#rule.bytes * SLACK
  }

  /** Removes what is past retention; answers how many. `time` is in milliseconds since the epoch. */
  sweep(time: number): number {
    const { age, bytes } = this.#rule
    this.#unswept = 0
    const expired = age === undefined ? 1 : this.#log.since(time - age)
    this.#advance(bytes)
    return this.#remove(Math.max(expired, this.#floor))
  }

  /** Removes what was stored before a time (milliseconds since the epoch), whatever the rule; answers how many. */
  trim(before: number): number {
    return this.#remove(this.#log.since(before))
  }

  /** When the next message is past its age, in milliseconds since the epoch; Infinity where none will be. */
  expiry(time: number): number {
    const { age } = this.#rule
    if (age === undefined) return Number.POSITIVE_INFINITY
    const next = this.#log.next(this.#log.since(time - age))
    return next === this.#log.end ? Number.POSITIVE_INFINITY : this.#log.timeOf(next) + age
  }

  #remove(before: number): number {
    let removed = 0
    for (const { from, to } of this.#pending.removable(before)) {
      for (let at = Math.max(from, this.#floor); at < to; at++) this.#bytes -= this.#log.sizeAt(at)
      this.#log.remove(from, to)
      removed += to - from
    }
    return removed
  }

  /** Each message passes the floor once, so that publishing pays a constant for it. */
  #advance(bytes: number): void {
    const log = this.#log
    while (this.#bytes > bytes) {
      const at = log.next(this.#floor)
      this.#bytes -= log.sizeAt(at)
      this.#floor = at + 1
    }
  }
}
