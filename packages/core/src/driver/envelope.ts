import type { Headers, Payload, StoredMessage } from './message.js'

/** Users' headers never begin with it. */
const OURS = 'pluribus-'
const LONGEST_ID = 200
const CONTROL = /\p{Cc}/u
const WHOLE = /^\d{1,15}$/

/**
 * A message as a broker with headers keeps it.
 *
 * @example
 * ```ts
 * import { type Enveloped, fromEnvelope } from '@pluribus/core/driver'
 *
 * const foreign: Enveloped = { topic: 'orders.placed', payload: '{}', envelope: {}, id: 'orders.placed/0/17', time: Date.now() }
 * fromEnvelope(foreign).id // 'orders.placed/0/17'
 * ```
 */
export interface Enveloped {
  /** Where it was found: headers do not decide that. */
  readonly topic: string
  readonly payload: Payload
  readonly envelope: Headers
  /** What to call it if it is not one of ours: the same each time, such as its place. */
  readonly id: string
  /** When it was stored, in milliseconds since the epoch: for what is not one of ours. */
  readonly time: number
}

/**
 * Everything of a message but its topic and its payload, as headers: ours begin with `pluribus-`, the user's are as they are.
 *
 * @example
 * ```ts
 * import { type StoredMessage, toEnvelope } from '@pluribus/core/driver'
 *
 * const idOf = (message: StoredMessage) => toEnvelope(message)['pluribus-id'] // message.id
 * ```
 */
export function toEnvelope(message: StoredMessage): Headers {
  const { key, correlationId, causationId } = message
  const envelope: Record<string, string> = Object.assign(Object.create(null), message.headers)
  envelope[`${OURS}id`] = message.id
  envelope[`${OURS}type`] = message.contentType
  envelope[`${OURS}priority`] = String(message.priority)
  envelope[`${OURS}time`] = String(message.time)
  envelope[`${OURS}source`] = message.source
  envelope[`${OURS}version`] = String(message.version)
  if (key !== undefined) envelope[`${OURS}key`] = key
  if (correlationId !== undefined) envelope[`${OURS}correlation`] = correlationId
  if (causationId !== undefined) envelope[`${OURS}causation`] = causationId
  return envelope
}

/**
 * The reverse of {@link toEnvelope}. What does not say of itself all that ours say is somebody else's: it is a message too, with
 * the id and the time that it was found under, and nothing that its headers claim is believed.
 *
 * @example
 * ```ts
 * import { fromEnvelope, type StoredMessage, toEnvelope } from '@pluribus/core/driver'
 *
 * const copy = (message: StoredMessage) =>
 *   fromEnvelope({ topic: message.topic, payload: message.payload, envelope: toEnvelope(message), id: '1', time: 0 })
 * ```
 */
export function fromEnvelope({ topic, payload, envelope, id, time }: Enveloped): StoredMessage {
  const headers = usersOf(envelope)
  const own = ownOf(envelope)
  if (own !== undefined) return { topic, payload, headers, ...own }
  const contentType = 'application/octet-stream'
  const nothing = { key: undefined, correlationId: undefined, causationId: undefined }
  return { topic, payload, headers, id, contentType, priority: 0, time, source: 'foreign', version: 1, ...nothing }
}

function ownOf(envelope: Headers): Omit<StoredMessage, 'topic' | 'payload' | 'headers'> | undefined {
  const of = (name: string) => envelope[`${OURS}${name}`]
  const [id, contentType, source] = [of('id'), of('type'), of('source')]
  const [priority, time, version] = [whole(of('priority')), whole(of('time')), whole(of('version'))]
  if (!isId(id) || contentType === undefined || source === undefined) return undefined
  if (priority === undefined || time === undefined || version === undefined || version === 0) return undefined
  const links = { correlationId: of('correlation'), causationId: of('causation') }
  return { id, contentType, key: of('key'), priority, time, source, version, ...links }
}

const whole = (text = ''): number | undefined => (WHOLE.test(text) ? Number(text) : undefined)

const isId = (id = ''): id is string => id !== '' && id.length <= LONGEST_ID && id.isWellFormed() && !CONTROL.test(id)

function usersOf(envelope: Headers): Headers {
  const headers: Record<string, string> = Object.create(null)
  for (const name in envelope) if (!name.startsWith(OURS)) headers[name] = envelope[name] as string
  return headers
}
