import { isPluribusError, PluribusError } from '../../errors/pluribus-error.js'
import type { PublishItem, PublishOptions } from '../../model/publish-options.js'
import type { PublishReport } from '../../model/publish-report.js'
import { quote } from '../../model/quote.js'

/** Throws `INVALID_ARGUMENT` for what is not a list. */
export function checkItems(items: unknown): void {
  const isList =
    typeof items === 'object' && typeof (items as Iterable<unknown> | null)?.[Symbol.iterator] === 'function'
  if (isList) return
  const message = `publishMany(): ${quote(items)} is not a list of items. Pass [{ data, key?, … }, …].`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'items' } })
}

/** Throws `INVALID_ARGUMENT` for what is not `{ data, … }`. */
export function checkItem<In>(item: PublishItem<In>): PublishItem<In> {
  if (typeof item === 'object' && item !== null && 'data' in item) return item
  throw new PluribusError('INVALID_ARGUMENT', `${quote(item)} is not an item: write { data, key?, … }.`)
}

/** An item of nothing but data needs no look at its options. */
export function optionsOf<In>(item: PublishItem<In>): PublishOptions | undefined {
  for (const name in item) {
    if (name !== 'data') {
      const { data: _, ...options } = item
      return options
    }
  }
  return undefined
}

/** What is wrong with one item, as what is wrong with the batch. */
export function atIndex(error: unknown, index: number): PluribusError {
  const { code, message, retryable, details } = isPluribusError(error) ? error : unreadable(error)
  return new PluribusError(code, `publishMany() item ${index}: ${message} Nothing was published.`, {
    cause: error,
    retryable,
    outcome: 'definite',
    details: { ...details, index },
  })
}

const unreadable = (cause: unknown): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', 'the item could not be read, see the cause.', { cause })

/** The error of a message that did not get through middleware. */
export function middlewareFailure(error: unknown, isSent: boolean): PluribusError {
  if (isPluribusError(error) && error.outcome !== undefined) return error
  const outcome = isSent ? 'unknown' : 'definite'
  if (isPluribusError(error)) {
    const { code, message, retryable, details } = error
    return new PluribusError(code, message, { cause: error, retryable, details, outcome })
  }
  const said = error instanceof Error ? error.message : quote(error)
  return new PluribusError('HANDLER_FAILED', `A publish middleware failed: ${said}`, { cause: error, outcome })
}

/** The error of a batch that is not stored entirely: the first failure, and the report of all. */
export function partialError(report: PublishReport, of: number): PluribusError {
  const first = report.failures[0] as PublishReport['failures'][number]
  const { code, retryable, message } = first.error
  const isDefinite = report.failures.every(failure => failure.error.outcome === 'definite') && report.stored === 0
  const text = `${report.failures.length} of ${of} messages failed; the first, number ${first.index}: ${message}`
  return new PluribusError(code, text, {
    cause: first.error,
    retryable,
    outcome: isDefinite ? 'definite' : 'unknown',
    details: { failed: report.failures.length, of },
    report,
  })
}
