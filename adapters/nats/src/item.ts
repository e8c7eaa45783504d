import type { ErrorRecord, StoredMessage } from '@pluribus/core/driver'

/** What is stored of a message that has come back, beside it. */
export interface RunRecord {
  /** The delivery up to which everything is accounted for: what has ended since without a word is lost. */
  readonly count: number
  readonly losses: number
  readonly marks: number
  /** Failed runs. */
  readonly failures: number
  readonly errors: readonly ErrorRecord[]
  /** It is being run alone, in the delivery after those that are accounted for. */
  readonly isMarked?: boolean
}

/** One delivery of a message, from its arrival until it is settled. The object itself is its token. */
export interface Item {
  readonly message: StoredMessage
  /** For the reorder window. */
  readonly priority: number
  readonly position: number
  /** Where its acknowledgement goes. */
  readonly reply: string
  /** How often it has been handed out by the server. */
  readonly count: number
  /** Of its key, in subjects; undefined where it has none. */
  readonly key: string | undefined
  readonly failures: number
  readonly errors: readonly ErrorRecord[]
  readonly losses: number
  readonly marks: number
  /** When it may be handed out, monotonic milliseconds: later than now for a retry. */
  readonly dueAt: number
  /** Where its record is; 0 where there is none. */
  record: number
  /** Of its key's floor: what the next write of it expects. */
  revision: number
  /** The server waits for a word of it since then, or since later, monotonic milliseconds. */
  renewedAt: number
  /** Until when core has it without renewing it, monotonic milliseconds; Infinity where it does not have it. */
  leasedUntil: number
  /** Core has it. */
  isOut: boolean
  /** It is stored that it is run alone. */
  isMarked: boolean
  /** It is being settled. */
  isSettling: boolean
  /** Nobody here has it any more. */
  isOver: boolean
}
