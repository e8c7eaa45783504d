import type { Receipt } from '../driver/receipt.js'
import { type ErrorCode, isRetryableCode } from './codes.js'

/**
 * What is known about a publish that failed: `definite`, nothing was stored; `unknown`, it may be stored, and
 * publishing again under the same id loses nothing.
 *
 * @example
 * ```ts
 * import { isPluribusError, type PublishOutcome } from '@pluribus/core'
 *
 * const outcomeOf = (error: unknown): PublishOutcome => (isPluribusError(error) && error.outcome) || 'unknown'
 * ```
 */
export type PublishOutcome = 'definite' | 'unknown'

/**
 * What became of each message of a `publishMany`.
 *
 * @example
 * ```ts
 * import type { PublishReport } from '@pluribus/core'
 *
 * const summary = (report: PublishReport) => `${report.stored} stored, ${report.failures.length} failed`
 * ```
 */
export interface PublishReport {
  /** How many are stored, duplicates included. */
  readonly stored: number
  /** The others, by their place in the batch. */
  readonly failures: readonly { readonly index: number; readonly id: string; readonly error: PluribusError }[]
  /** One receipt a message, in order; `undefined` for the failed ones. Made when first read. */
  readonly receipts: readonly (Receipt | undefined)[]
}

/**
 * What a {@link PluribusError} is made of, beside its code and message.
 *
 * @example
 * ```ts
 * import { type ErrorInit, PluribusError } from '@pluribus/core'
 *
 * const init: ErrorInit = { retryable: true, details: { shelf: 7 } }
 * const error = new PluribusError('TIMEOUT', 'The picker has not come. Try again later.', init)
 * ```
 */
export interface ErrorInit {
  /** The error underneath, kept as it came. */
  readonly cause?: unknown
  /** Whether the same call may succeed later. Default: what the code says. */
  readonly retryable?: boolean
  /** For failed publishes. */
  readonly outcome?: PublishOutcome
  /** JSON-safe facts for programs: the option, the limit, the adapters that would work. */
  readonly details?: Readonly<Record<string, unknown>>
  /** For a failed `publishMany`. */
  readonly report?: PublishReport
}

const BRAND = Symbol.for('pluribus.error')

/**
 * The one error class of Pluribus. `code` is from a closed set, `message` says what happened and what to do next,
 * `cause` keeps the native error.
 *
 * @example
 * ```ts
 * import { PluribusError } from '@pluribus/core'
 *
 * const error = new PluribusError('NOT_FOUND', 'No order 7. Publish it first.', { details: { order: 7 } })
 * console.error(JSON.stringify(error))
 * ```
 */
export class PluribusError extends Error {
  override readonly name = 'PluribusError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly outcome: PublishOutcome | undefined
  readonly details: Readonly<Record<string, unknown>>
  /** What became of each message, where a `publishMany` failed after it had begun. */
  readonly report: PublishReport | undefined
  readonly [BRAND] = true

  constructor(code: ErrorCode, message: string, init: ErrorInit = {}) {
    super(message, 'cause' in init ? { cause: init.cause } : undefined)
    this.code = code
    this.retryable = init.retryable ?? isRetryableCode(code)
    this.outcome = init.outcome
    this.details = init.details ?? {}
    this.report = init.report
  }

  /** A JSON-safe view without the stack; the cause is reduced to its name and message. */
  toJSON(): Record<string, unknown> {
    const { code, message, retryable, outcome, details, cause } = this
    const reduced = cause instanceof Error ? { name: cause.name, message: cause.message } : undefined
    return { name: this.name, code, message, retryable, outcome, details, cause: reduced }
  }
}

/**
 * Whether a value is a {@link PluribusError}, of a given code if one is named. Works across copies of the package. Never
 * throws, whatever a handler has thrown at it.
 *
 * @example
 * ```ts
 * import { isPluribusError } from '@pluribus/core'
 *
 * const isFull = (error: unknown) => isPluribusError(error, 'OVERLOADED')
 * ```
 */
export function isPluribusError(value: unknown, code?: ErrorCode): value is PluribusError {
  try {
    if (typeof value !== 'object' || value === null || !(BRAND in value)) return false
    return code === undefined || (value as PluribusError).code === code
  } catch {
    // A proxy with a trap that throws, or a revoked one.
    return false
  }
}
