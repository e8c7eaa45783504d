import { type Classified, type ErrorCode, isPluribusError } from '@pluribus/core/driver'

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something in our words. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [3, 'UNAUTHORIZED'], // PERM
  [5, 'UNAVAILABLE'], // BUSY: another process has been writing for longer than we wait
  [6, 'UNAVAILABLE'], // LOCKED
  [8, 'UNAUTHORIZED'], // READONLY
  [10, 'UNAVAILABLE'], // IOERR
  [13, 'UNAVAILABLE'], // FULL
  [14, 'UNAVAILABLE'], // CANTOPEN
  [18, 'TOO_LARGE'], // TOOBIG
  [26, 'INVALID_CONFIGURATION'], // NOTADB
])

export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  if (!(error instanceof Error)) return { code: 'UNKNOWN', retryable: false }
  if ('code' in error && error.code === 'ERR_INVALID_STATE') return { code: 'UNAVAILABLE', retryable: true }
  // The lower byte: the rest says more precisely how it came about.
  const code = 'errcode' in error && typeof error.errcode === 'number' ? CODES.get(error.errcode & 0xff) : undefined
  return { code: code ?? 'UNKNOWN', retryable: code === 'UNAVAILABLE' }
}
