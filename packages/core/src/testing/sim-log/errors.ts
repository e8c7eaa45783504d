import type { Classified } from '../../driver/adapter.js'
import { refusals } from '../../driver/contract-errors.js'
import { isPluribusError } from '../../errors/pluribus-error.js'
import { SimLogError, type SimLogErrorKind } from '../sim-log-server/sim-log-error.js'

const CODES: Readonly<Record<SimLogErrorKind, Classified>> = {
  REFUSED: { code: 'UNAVAILABLE', retryable: true },
  LOST: { code: 'UNAVAILABLE', retryable: true },
  TIMEOUT: { code: 'TIMEOUT', retryable: true },
  REBALANCING: { code: 'UNAVAILABLE', retryable: true },
  NOT_FOUND: { code: 'NOT_FOUND', retryable: false },
  FENCED: { code: 'STALE', retryable: false },
  REPLACED: { code: 'STALE', retryable: false },
  STORAGE: { code: 'UNAVAILABLE', retryable: true },
  NOTE_TOO_LONG: { code: 'TOO_LARGE', retryable: false },
  CLOSED: { code: 'CLOSED', retryable: false },
}

/** The only place that reads errors that are not ours. */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  return error instanceof SimLogError ? CODES[error.kind] : { code: 'UNKNOWN', retryable: false }
}

export const { closed, topicNotFound, subscriptionNotFound } = refusals('sim-log', 'on this simulated log broker')

/** The partition of a delivery is between two owners: what becomes of it is known in a moment. */
export const rebalancing = (): SimLogError =>
  new SimLogError('REBALANCING', 'The partition is being handed over, perhaps to ourselves. Try again.')
