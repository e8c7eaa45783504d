import { type ErrorCode, isPluribusError, PluribusError } from '@pluribus/core/driver'
import { encodeFrame, FAILURE, MAX_FRAME } from './frame.js'
import type { PlainValue } from './plain-value.js'

const MAX_TEXT = 4096

/**
 * A frame that says how a call has failed. The cause and the stack of an error stay where they are: they may hold what is nobody else's.
 *
 * @param error Made a `PluribusError` by whoever knows the errors of the service; anything else is `UNKNOWN`.
 */
export const encodeFailureFrame = (id: number, error: unknown): Buffer =>
  encodeFrame(FAILURE, MAX_FRAME, body => {
    body.u32(id)
    body.value(failureData(error))
  })

/** An error as plain data, as it is within a failure. */
export function failureData(error: unknown): PlainValue {
  if (!isPluribusError(error)) {
    const message = error instanceof Error ? error.message : 'Something that is no error was thrown.'
    return { code: 'UNKNOWN', message: message.slice(0, MAX_TEXT), retryable: false }
  }
  const { code, message, retryable, outcome, details } = error
  return { code, message: message.slice(0, MAX_TEXT), retryable, outcome, details: jsonSafe(details) }
}

/** The error that was sent, as one of this process. */
export function decodeFailure(sent: PlainValue): PluribusError {
  const { code, message, retryable, outcome, details } = isRecord(sent) ? sent : {}
  if (typeof code !== 'string' || typeof message !== 'string') {
    return new PluribusError('DECODING', 'The peer reported a failure that is none.')
  }
  return new PluribusError(code as ErrorCode, message, {
    retryable: retryable === true,
    ...(outcome === 'definite' || outcome === 'unknown' ? { outcome } : {}),
    details: isRecord(details) ? details : {},
  })
}

const isRecord = (value: PlainValue): value is { readonly [key: string]: PlainValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** Details are JSON-safe by contract; should they not be, they are left out rather than the failure. */
function jsonSafe(details: unknown): PlainValue {
  try {
    return JSON.parse(JSON.stringify(details)) as PlainValue
  } catch {
    return {}
  }
}
