import { isPluribusError } from './pluribus-error.js'

/**
 * What is kept of an error: plain, bounded, JSON-safe. Dead letters, events and the journal hold these.
 *
 * @example
 * ```ts
 * import type { ErrorRecord } from '@pluribus/core'
 *
 * const line = (error: ErrorRecord) => `attempt ${error.attempt}: ${error.name}: ${error.message}`
 * ```
 */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  /** The run that failed, 1-based. */
  readonly attempt: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** A message longer than this many characters is cut; so is a stack longer than {@link MAX_STACK}. */
export const MAX_MESSAGE = 4_096
export const MAX_STACK = 16_384
/**
 * A dead letter keeps the first error and the latest ones, up to this many together.
 *
 * @example
 * ```ts
 * import { MAX_ERRORS, type StoredDeadLetter } from '@pluribus/core/driver'
 *
 * const mayBeCut = ({ errors }: StoredDeadLetter) => errors.length === MAX_ERRORS
 * ```
 */
export const MAX_ERRORS = 20

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… [${text.length - most} characters cut]`

/** Reads one property of something a handler threw, which may be a proxy or have throwing getters. */
function read(value: unknown, property: string): string | undefined {
  try {
    const found: unknown = (value as Record<string, unknown>)[property]
    return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
  } catch (cause) {
    return `[${property} could not be read: ${describe(cause)}]`
  }
}

function describe(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? '[object]') : String(value)
  } catch {
    return '[a value that cannot be described]'
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

function isErrorLike(value: unknown): boolean {
  try {
    return value instanceof Error || (isObject(value) && 'message' in value)
  } catch {
    return true
  }
}

/**
 * Turns whatever a handler threw into a record. Never throws. `time` is in milliseconds since the epoch.
 *
 * @example
 * ```ts
 * import { toErrorRecord } from '@pluribus/core/driver'
 *
 * const record = toErrorRecord(new Error('The gateway is busy.'), 1, Date.now())
 * ```
 */
export function toErrorRecord(thrown: unknown, attempt: number, time: number): ErrorRecord {
  if (!isErrorLike(thrown)) {
    return { name: 'NonError', message: cut(describe(thrown), MAX_MESSAGE), code: 'HANDLER_FAILED', attempt, time }
  }
  const stack = read(thrown, 'stack')
  const code = isPluribusError(thrown) ? thrown.code : read(thrown, 'code')
  return {
    name: cut(read(thrown, 'name') ?? 'Error', 200),
    message: cut(read(thrown, 'message') ?? '', MAX_MESSAGE),
    ...(code === undefined ? {} : { code: cut(code, 200) }),
    ...(stack === undefined ? {} : { stack: cut(stack, MAX_STACK) }),
    attempt,
    time,
  }
}

/**
 * Appends to a list of errors, dropping from the middle: the first says how it began, the last how it ended.
 *
 * @example
 * ```ts
 * import { appendErrors, type ErrorRecord } from '@pluribus/core/driver'
 *
 * const add = (stored: readonly ErrorRecord[], error: ErrorRecord) => appendErrors(stored, [error])
 * ```
 */
export function appendErrors(earlier: readonly ErrorRecord[], later: readonly ErrorRecord[]): readonly ErrorRecord[] {
  const all = [...earlier, ...later]
  return all.length <= MAX_ERRORS ? all : [all[0] as ErrorRecord, ...all.slice(all.length - MAX_ERRORS + 1)]
}
