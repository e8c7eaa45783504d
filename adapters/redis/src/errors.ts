import { type Classified, isPluribusError, PluribusError, refusals } from '@pluribus/core/driver'

/** How a server's error begins, and what that means here. The first word is its code. */
const REPLIES: ReadonlyMap<string, Classified> = new Map<string, Classified>([
  ...['NOAUTH', 'WRONGPASS', 'NOPERM'].map(word => [word, { code: 'UNAUTHORIZED', retryable: false }] as const),
  ...[
    'LOADING',
    'BUSY',
    'MASTERDOWN',
    'READONLY',
    'CLUSTERDOWN',
    'TRYAGAIN',
    'MISCONF',
    'UNBLOCKED',
    'MOVED',
    'ASK',
  ].map(word => [word, { code: 'UNAVAILABLE', retryable: true }] as const),
  ['OOM', { code: 'OVERLOADED', retryable: true }],
])

const UNAVAILABLE: Classified = Object.freeze({ code: 'UNAVAILABLE', retryable: true })
/** What the client says of a socket that is gone. */
const GONE = /^(?:Connection is closed|Stream isn't writeable|connect ETIMEDOUT|Socket closed)/
const SOCKET = /^(?:E[A-Z]+|ERR_TLS_[A-Z_]+|ERR_SSL_[A-Z_]+|UND_ERR_[A-Z_]+)$/
/** Trying again does not make a certificate trusted. */
const CERTIFICATE = /CERT|SIGNED|ALTNAME/

/** The only place that reads errors that are not ours. */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  if (!(error instanceof Error)) return { code: 'UNKNOWN', retryable: false }
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== undefined && CERTIFICATE.test(code)) return { code: 'UNAUTHORIZED', retryable: false }
  if ((code !== undefined && SOCKET.test(code)) || GONE.test(message)) return UNAVAILABLE
  const reply = REPLIES.get(message.split(' ', 1)[0] as string)
  if (reply !== undefined) return reply
  return /invalid password|without any password/i.test(message)
    ? { code: 'UNAUTHORIZED', retryable: false }
    : { code: 'UNKNOWN', retryable: false }
}

/** What to do where a server has no room left, by the code of what it says. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['MISCONF', "Make room on the server's disk, or mend it: the server goes on by itself."],
  [
    'OOM',
    'Give the server more memory (maxmemory), or let consumers catch up: what is handled goes with its retention.',
  ],
])

/** Whether a server has answered, with an error: what it was asked for has not been done. */
export const isReply = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'ReplyError' || (isPluribusError(error) && isReply(error.cause)))

/** An error of a server that has no room left, with what to do; any other as it is. */
export function advised(error: unknown): unknown {
  if (!isReply(error)) return error
  const { message } = error as Error
  const advice = ADVICE.get(message.split(' ', 1)[0] as string)
  if (advice === undefined) return error
  const { code } = classify(error)
  return new PluribusError(code, `${message.replace(/\.?$/, '.')} ${advice}`, { outcome: 'definite', cause: error })
}

/** An error of the client's without the command that it was about: that has payloads, and passwords. */
export function bare(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command')
  return error
}

export const { closed, topicNotFound, subscriptionNotFound } = refusals('Redis', 'on this Redis server')

export const serverTooOld = (version: string): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    `This Redis server is ${version}; the adapter needs 7.0 or later. Upgrade the server.`,
    { details: { version, needs: '7.0' } },
  )

export const notServing = (why: string): PluribusError =>
  new PluribusError('UNAVAILABLE', `This Redis server takes no messages: ${why}. It is tried again.`)

export const severalNodes = (size: string): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    `This Redis server is one of ${size} nodes of a cluster that share the keys; the adapter talks to one server. ` +
      'Use a server of its own, or a cluster of one.',
    { details: { size } },
  )

export const notDurable = (asked: string, given: string, advice: string): PluribusError =>
  new PluribusError(
    'UNSUPPORTED',
    `This Redis server keeps messages no better than durability: '${given}', and '${asked}' is asked for. ${advice}`,
    { details: { capability: 'durability', asked, given } },
  )

export const badOption = (argument: string, legal: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `redis() ${argument} is ${legal}.`, { details: { argument } })

export const badUrl = (problem: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `The Redis URL ${problem}. Write e.g. redis://localhost:6379/0?prefix=shop.`,
  )

export const badUrlOption = (option: string, legal: string): PluribusError =>
  new PluribusError('INVALID_CONFIGURATION', `The ${option} of a redis: URL is ${legal}.`, { details: { option } })

export const unknownUrlOption = (option: string, legal: readonly string[]): PluribusError =>
  new PluribusError('INVALID_CONFIGURATION', `redis: URLs have no option "${option}". Legal are ${legal.join(', ')}.`, {
    details: { option, legal },
  })
