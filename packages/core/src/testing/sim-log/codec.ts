import type { StoredMessage } from '../../driver/message.js'
import type { ErrorRecord } from '../../errors/error-record.js'
import { EMPTY_HEADERS } from '../../model/headers.js'
import type { SimRecord } from '../sim-log-server/sim-partition.js'

/** What a copy of a message carries beside it: what the broker keeps no record of. */
export interface Carried {
  /** The position that the message was published at, in its partition: the place of its retries. */
  readonly origin: number
  /** Failed runs. */
  readonly failures: number
  readonly errors: readonly ErrorRecord[]
  /** Milliseconds after the append until it is due. */
  readonly delay: number
}

/** A message as it is read. */
export interface Decoded {
  readonly message: StoredMessage
  readonly carried: Carried | undefined
}

interface Envelope {
  readonly id: string
  readonly topic: string
  readonly type: string
  readonly key?: string | undefined
  readonly priority: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly time: number
  readonly source: string
  readonly version: number
  readonly correlation?: string | undefined
  readonly causation?: string | undefined
  readonly carried?: Carried | undefined
}

/** The payload stays what it is, text or bytes; everything else becomes text, as other brokers' headers are. */
export function encode(message: StoredMessage, carried?: Carried): SimRecord {
  const envelope: Envelope = {
    id: message.id,
    topic: message.topic,
    type: message.contentType,
    key: message.key,
    priority: message.priority,
    headers: message.headers === EMPTY_HEADERS ? undefined : message.headers,
    time: message.time,
    source: message.source,
    version: message.version,
    correlation: message.correlationId,
    causation: message.causationId,
    carried,
  }
  return { body: message.payload, envelope: JSON.stringify(envelope) }
}

/** The reverse of {@link encode}. */
export function decode({ body, envelope }: SimRecord): Decoded {
  const found: Envelope = JSON.parse(envelope)
  const message: StoredMessage = {
    id: found.id,
    topic: found.topic,
    // What travels is a copy: nobody reaches what is stored.
    payload: typeof body === 'string' ? body : body.slice(),
    contentType: found.type,
    key: found.key,
    priority: found.priority,
    headers: found.headers === undefined ? EMPTY_HEADERS : Object.assign(Object.create(null), found.headers),
    time: found.time,
    source: found.source,
    version: found.version,
    correlationId: found.correlation,
    causationId: found.causation,
  }
  return { message, carried: found.carried }
}
