import { type Classified, isPluribusError, PluribusError } from '@pluribus/core/driver'

/** Another process has been writing for longer than we wait (sqlite.org/rescode.html). */
const BUSY = 5

export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  const isBusy = error instanceof Error && 'errcode' in error && error.errcode === BUSY
  return isBusy ? { code: 'UNAVAILABLE', retryable: true } : { code: 'UNKNOWN', retryable: false }
}

export const notFound = (topic: string, name: string) =>
  new PluribusError(
    'NOT_FOUND',
    `There is no ${name === '' ? '' : `subscription ${name} of `}${topic}. Declare it first.`,
  )
