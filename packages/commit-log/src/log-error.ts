/** Every code of a {@link LogError}, and whether the same call may succeed later. */
const RETRYABLE = {
  /** An argument or option is not legal. Thrown before any I/O. */
  INVALID_ARGUMENT: false,
  /** The records of one call take more than a batch may. */
  TOO_LARGE: false,
  /** More waits to be committed than `maxPending` allows. */
  OVERLOADED: true,
  /** The disk is full. */
  FULL: true,
  /** The disk failed twice in a row: this log takes no more records. Open it anew. */
  FAILED: false,
  /** The log has been closed. */
  CLOSED: false,
  /** Bytes are missing or altered; `damage` says which. */
  DAMAGED: false,
  /** The log was written by a later version. */
  UNSUPPORTED_FORMAT: false,
  /** The folder holds segments of two logs. */
  FOREIGN: false,
  /** A writer of a later generation has had the log, or has it: this one takes no more records. */
  OUTDATED: false,
} as const

/**
 * The code of a {@link LogError}.
 *
 * @example
 * ```ts
 * import type { LogErrorCode } from '@pluribus/commit-log'
 *
 * const mayPassByItself = (code: LogErrorCode) => code === 'FULL' || code === 'OVERLOADED'
 * ```
 */
export type LogErrorCode = keyof typeof RETRYABLE

/** What a {@link LogError} is made of, beside its code and message. */
export interface LogErrorInit {
  readonly cause?: unknown
  readonly outcome?: 'definite' | 'unknown'
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The one error class of a log. Whatever else it throws comes from the disk as it is.
 *
 * @example
 * ```ts
 * import { LogError } from '@pluribus/commit-log'
 *
 * const mayBeStored = (error: unknown) => !(error instanceof LogError && error.outcome === 'definite')
 * ```
 */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** For appends: `definite`, nothing was stored; `unknown`, it may be, and may show when the log is opened again. */
  readonly outcome: 'definite' | 'unknown'
  /** JSON-safe facts for programs. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: LogErrorCode, message: string, init: LogErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.retryable = RETRYABLE[code]
    this.outcome = init.outcome ?? 'definite'
    this.details = init.details ?? {}
  }
}
