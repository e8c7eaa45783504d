/**
 * Every code an error of Pluribus can carry: a closed set, kept stable because codes end up in alerts and metrics.
 * The value says whether trying the same call again, unchanged, may succeed.
 */
const RETRYABLE = {
  /** An argument, option, name or header is not legal. Thrown before any I/O. */
  INVALID_ARGUMENT: false,
  /** The configuration or the broker URL is not legal. */
  INVALID_CONFIGURATION: false,
  /** The data does not satisfy the topic's schema. */
  INVALID_DATA: false,
  /** The data cannot be encoded without being altered. */
  ENCODING: false,
  /** The stored bytes cannot be decoded. */
  DECODING: false,
  /** A payload or the headers exceed the adapter's limit. */
  TOO_LARGE: false,
  /** The adapter, or this server, lacks a capability that the call needs. */
  UNSUPPORTED: false,
  /** Something of that name exists with other settings. */
  CONFLICT: false,
  /** The topic, subscription or message does not exist. */
  NOT_FOUND: false,
  /** The adapter's package, or the client library it needs, is not installed. */
  ADAPTER_MISSING: false,
  /** The broker refused the credentials, or this user may not do that. */
  UNAUTHORIZED: false,
  /** The broker cannot be reached, or the connection broke. */
  UNAVAILABLE: true,
  /** Something took longer than it may. */
  TIMEOUT: true,
  /** More is in flight than `maxPending` allows, or the broker asks to slow down. */
  OVERLOADED: true,
  /** Stored locally, not yet confirmed by the central broker (dual-write); it will be sent. */
  UNCONFIRMED: false,
  /** The lease of the delivery was lost before this call. */
  STALE: false,
  /** The broker, or the handle, has been closed. */
  CLOSED: false,
  /** The caller's own signal ended the call. */
  ABORTED: false,
  /** A handler or a middleware threw something that is not an error of Pluribus. */
  HANDLER_FAILED: false,
  /** The message took its process down as often as is allowed. */
  CRASHED: false,
  /** The adapter could not classify a native error; `cause` has it. */
  UNKNOWN: false,
} as const

/**
 * The code of a {@link PluribusError}. Branch on it, never on the text.
 *
 * @example
 * ```ts
 * import { isPluribusError, type ErrorCode } from '@pluribus/core'
 *
 * const codeOf = (error: unknown): ErrorCode => (isPluribusError(error) ? error.code : 'UNKNOWN')
 * ```
 */
export type ErrorCode = keyof typeof RETRYABLE

/**
 * All codes, for tables and tests.
 *
 * @example
 * ```ts
 * import { ERROR_CODES } from '@pluribus/core'
 *
 * const counters = new Map(ERROR_CODES.map(code => [code, 0]))
 * ```
 */
export const ERROR_CODES = Object.freeze(Object.keys(RETRYABLE) as ErrorCode[])

/** Whether errors of this code may go away by themselves. */
export const isRetryableCode = (code: ErrorCode): boolean => RETRYABLE[code]
