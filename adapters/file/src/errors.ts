import { LogError, type LogErrorCode } from '@pluribus/commit-log'
import { type Classified, type ErrorCode, isPluribusError, PluribusError, refusals } from '@pluribus/core/driver'

/** What an error of the log means in our words. */
const OF_LOG: Readonly<Record<LogErrorCode, Classified>> = {
  INVALID_ARGUMENT: { code: 'INVALID_ARGUMENT', retryable: false },
  TOO_LARGE: { code: 'TOO_LARGE', retryable: false },
  OVERLOADED: { code: 'OVERLOADED', retryable: true },
  FULL: { code: 'OVERLOADED', retryable: true },
  FAILED: { code: 'UNAVAILABLE', retryable: true },
  CLOSED: { code: 'UNAVAILABLE', retryable: true },
  DAMAGED: { code: 'DECODING', retryable: false },
  UNSUPPORTED_FORMAT: { code: 'UNSUPPORTED', retryable: false },
  FOREIGN: { code: 'CONFLICT', retryable: false },
  OUTDATED: { code: 'UNAVAILABLE', retryable: true },
}

/** What an error of the operating system means in our words. */
const OF_SYSTEM: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'UNAUTHORIZED',
  EPERM: 'UNAUTHORIZED',
  EROFS: 'UNAUTHORIZED',
  ENOSPC: 'OVERLOADED',
  EDQUOT: 'OVERLOADED',
  EMFILE: 'OVERLOADED',
  ENFILE: 'OVERLOADED',
  EIO: 'UNAVAILABLE',
  ENOENT: 'UNAVAILABLE',
  ENOTDIR: 'INVALID_CONFIGURATION',
  EEXIST: 'INVALID_CONFIGURATION',
  ENAMETOOLONG: 'INVALID_CONFIGURATION',
}
const PASSING: readonly ErrorCode[] = ['OVERLOADED', 'UNAVAILABLE']

/** The only place that reads errors that are not ours: those of the log, and those of the operating system. */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  if (error instanceof LogError) return OF_LOG[error.code]
  const name = (error as { readonly code?: unknown } | undefined)?.code
  const code = typeof name === 'string' && Object.hasOwn(OF_SYSTEM, name) ? OF_SYSTEM[name] : undefined
  return code === undefined ? { code: 'UNKNOWN', retryable: false } : { code, retryable: PASSING.includes(code) }
}

/** An error as one of ours, for those to whom it can only be told in our words. */
export function explained(error: unknown): PluribusError {
  if (isPluribusError(error)) return error
  const { code, retryable } = classify(error)
  const message = error instanceof Error ? error.message : 'Something that is no error was thrown.'
  return new PluribusError(code, message, { cause: error, retryable, outcome: outcomeOf(error) })
}

/** Whether what failed may be stored all the same. Whatever is not an error of the log was refused before the log saw it. */
export const outcomeOf = (error: unknown): 'definite' | 'unknown' =>
  error instanceof LogError ? error.outcome : isPluribusError(error) ? (error.outcome ?? 'definite') : 'unknown'

export const { closed, topicNotFound, subscriptionNotFound } = refusals('file', 'in this folder')

export const folderClosed = (): PluribusError =>
  new PluribusError(
    'UNAVAILABLE',
    'The folder has been closed by the process that led it. It is opened again by the next connection.',
  )

export const settleUncertain = (cause: unknown): PluribusError =>
  new PluribusError(
    'UNAVAILABLE',
    'The disk took a settlement no better than half, so the folder is read anew from its log. What was in flight comes again.',
    { cause },
  )

export const writtenByLaterVersion = (format: number, kind?: number): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    `The folder was written by a later version of @pluribus/file (format ${format}${kind === undefined ? '' : `, record ${kind}`}). Upgrade this one.`,
    { details: { format, kind } },
  )

export const badOption = (argument: string, legal: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `file() ${argument} is ${legal}.`, { details: { argument } })

export const badUrl = (problem: string): PluribusError =>
  new PluribusError('INVALID_CONFIGURATION', `The file URL ${problem}. Write e.g. file:./data.`)

export const recordMissing = (topic: string, position: number): PluribusError =>
  new PluribusError(
    'DECODING',
    `Message ${position} of topic "${topic}" is not in the log any more, though it should be. Close the folder and verify it.`,
    { details: { topic, position } },
  )

export const otherSettings = (dir: string): PluribusError =>
  new PluribusError(
    'CONFLICT',
    `This process has the folder "${dir}" open with another deduplicationWindow. Use the same one everywhere.`,
    { details: { dir, setting: 'deduplicationWindow' } },
  )

export const tooMuchUnderway = (): PluribusError =>
  new PluribusError(
    'OVERLOADED',
    'The disk is slower than what is published: too much is on its way to it. Try again later.',
    {
      outcome: 'definite',
    },
  )
