import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import { errors } from '@nats-io/transport-node'
import {
  type Classified,
  type ErrorCode,
  isPluribusError,
  PluribusError,
  refusals,
  type SubscriptionName,
} from '@pluribus/core/driver'

/** What the server answers to a message that it does not store. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** JetStream's own number, such as 10071; 0 where nobody answered. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The subject's last position is not the expected one: somebody else was faster. */
export const WRONG_LAST_SEQUENCE = 10_071
const MESSAGE_NOT_FOUND = 10_037

const RETRYABLE: readonly ErrorCode[] = ['UNAVAILABLE', 'TIMEOUT', 'OVERLOADED']

/** JetStream's numbers, in our words. */
const BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map([
  [10_014, 'NOT_FOUND'], // consumer not found
  [MESSAGE_NOT_FOUND, 'NOT_FOUND'],
  [10_057, 'NOT_FOUND'], // message to be deleted not found
  [10_059, 'NOT_FOUND'], // stream not found
  [10_039, 'UNSUPPORTED'], // JetStream not enabled for this account
  [10_076, 'UNSUPPORTED'], // JetStream not enabled
  [10_023, 'OVERLOADED'], // insufficient resources
  [10_043, 'NOT_FOUND'], // no message at that position
  [10_047, 'OVERLOADED'], // insufficient storage
  [10_049, 'UNAVAILABLE'], // a stream could not be made just now: somebody else (2.9) is making the same one
  [10_054, 'TOO_LARGE'], // message larger than the stream allows
  [10_077, 'OVERLOADED'], // the store takes nothing: full, or not made yet
  [10_058, 'CONFLICT'], // a stream of that name with another configuration
  [10_065, 'CONFLICT'], // subjects of another stream
])

/** What sockets and look-ups fail with when the server cannot be reached. */
const NETWORK: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
])

/** The only place that reads errors that are not ours. */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  const code = codeOf(error)
  return { code, retryable: RETRYABLE.includes(code) }
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof RefusedError) return error.code === 0 ? 'UNAVAILABLE' : numbered(error.code)
  if (error instanceof JetStreamApiError) return numbered(error.code, error.status)
  if (isNotEnabled(error)) return 'UNSUPPORTED'
  if (error instanceof errors.TimeoutError) return 'TIMEOUT'
  if (isUnauthorized(error)) return 'UNAUTHORIZED'
  if (isUnavailable(error)) return 'UNAVAILABLE'
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload')) return 'TOO_LARGE'
  return 'UNKNOWN'
}

const numbered = (number: number, status = 0): ErrorCode =>
  BY_NUMBER.get(number) ?? (status === 503 ? 'UNAVAILABLE' : status === 404 ? 'NOT_FOUND' : 'UNKNOWN')

const isUnauthorized = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError ||
  error instanceof errors.PermissionViolationError ||
  error instanceof errors.UserAuthenticationExpiredError

function isUnavailable(error: unknown): boolean {
  if (
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    error instanceof errors.RequestError ||
    error instanceof errors.NoRespondersError ||
    error instanceof JetStreamError
  ) {
    return true
  }
  return error instanceof Error && NETWORK.has((error as NodeJS.ErrnoException).code)
}

/** The client keeps this class to itself. */
const isNotEnabled = (error: unknown): boolean => error instanceof Error && error.name === 'JetStreamNotEnabled'

/** Nothing is there: a stream, a consumer, a message. */
export const isNotFound = (error: unknown): boolean => codeOf(error) === 'NOT_FOUND'

/** Nobody listens on a subject of JetStream's: it is switched off, or what the subject is about does not exist. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof errors.NoRespondersError ||
  (error instanceof errors.RequestError && error.isNoResponders()) ||
  isNotEnabled(error)

export const { closed, topicNotFound, subscriptionNotFound } = refusals('NATS', 'on this NATS server')

export const lost = (cause: unknown): PluribusError =>
  new PluribusError('UNAVAILABLE', 'The connection to the NATS server has ended.', { cause })

export const tooSlow = (stream: string): PluribusError =>
  new PluribusError(
    'TIMEOUT',
    `The NATS server has more in the stream ${stream} than it has sent, and is silent: it is overloaded, or the network is slow. Read again.`,
    { details: { stream } },
  )

export const deletedConsumer = ({ topic, name }: SubscriptionName): PluribusError =>
  new PluribusError(
    'UNAVAILABLE',
    `The consumer of subscription "${name}" of topic "${topic}" was deleted on the NATS server by somebody else. It is made anew.`,
    { details: { topic, subscription: name } },
  )

export const takenAway = (): PluribusError =>
  new PluribusError('UNAVAILABLE', 'The delivery was lost while it was being settled: it may have counted, or not.')

export const contended = (topic: string): PluribusError =>
  new PluribusError('UNAVAILABLE', `Topic "${topic}" is being declared by many at once. Try again.`)

export const tooOld = (version: string, least: string): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    `The NATS server is ${version}, and this adapter needs ${least} or later: older ones ignore what they do not know. Update it.`,
    { details: { version, least } },
  )

export const noJetStream = (cause: unknown): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    'The NATS server, or this account, has no JetStream, and without it nothing is stored. Start the server with --jetstream, or enable it for the account.',
    { cause },
  )

export const unknownOption = (option: string, legal: readonly string[]): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `nats: URLs have no option "${option.slice(0, 100)}". Legal are ${legal.join(', ')}.`,
    { details: { option: option.slice(0, 100), legal } },
  )
