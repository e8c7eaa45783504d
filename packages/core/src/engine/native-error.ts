import { redact } from '../config/broker-url.js'
import type { Adapter } from '../driver/adapter.js'
import { isPluribusError, PluribusError, type PublishOutcome } from '../errors/pluribus-error.js'

/** Puts an adapter's native error into our words: `what` says what core was doing, without a full stop. */
export function fromNative(adapter: Adapter, error: unknown, what: string, outcome?: PublishOutcome): PluribusError {
  if (isPluribusError(error) && (outcome === undefined || error.outcome === outcome)) return error
  const { code, retryable } = isPluribusError(error) ? error : adapter.classify(error)
  const said = error instanceof Error ? error.message : String(error)
  const message = `${adapter.name}: ${what}: ${redact(said)}`
  return new PluribusError(code, message, { cause: error, retryable, ...(outcome === undefined ? {} : { outcome }) })
}
