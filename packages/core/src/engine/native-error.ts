import { redact } from '../config/broker-url.js'
import type { Adapter, Classified } from '../driver/adapter.js'
import { isPluribusError, PluribusError, type PublishOutcome } from '../errors/pluribus-error.js'
import { quote } from '../model/quote.js'

/** The most characters of a native error's text that a message repeats. */
const MOST = 1_000

/** Puts an adapter's native error into our words: `what` says what core was doing, without a full stop. Never throws. */
export function fromNative(adapter: Adapter, error: unknown, what: string, outcome?: PublishOutcome): PluribusError {
  const isOurs = isPluribusError(error)
  if (isOurs && (outcome === undefined || error.outcome === outcome)) return error
  const { code, retryable } = isOurs ? error : classify(adapter, error)
  const message = `${adapter.name}: ${what}: ${textOf(error)}`
  return new PluribusError(code, message, {
    cause: error,
    retryable,
    ...(outcome === undefined ? {} : { outcome }),
    ...(isOurs ? { details: error.details } : {}),
  })
}

/** An adapter that fails at classifying must not take the connection's keeper with it. */
function classify(adapter: Adapter, error: unknown): Classified {
  try {
    return adapter.classify(error)
  } catch {
    return { code: 'UNKNOWN', retryable: false }
  }
}

/** Whatever an adapter has thrown may be a proxy, have getters that throw, or be megabytes long. */
function textOf(error: unknown): string {
  if (error === undefined) return 'no reason given'
  try {
    const text = redact(error instanceof Error ? String(error.message) : quote(error))
    return text.length <= MOST ? text : `${text.slice(0, MOST)}…`
  } catch {
    return 'an error that cannot be read'
  }
}
