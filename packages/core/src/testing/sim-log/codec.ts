import { fromEnvelope, toEnvelope } from '../../driver/envelope.js'
import type { StoredMessage } from '../../driver/message.js'
import type { ErrorRecord } from '../../errors/error-record.js'
import type { SimRecord, StoredSimRecord } from '../sim-log-server/sim-partition.js'

const CARRIED = 'pluribus-carried'

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

/** The payload stays what it is, text or bytes; everything else becomes headers. */
export function encode(message: StoredMessage, carried?: Carried): SimRecord {
  const envelope = toEnvelope(message)
  const headers = carried === undefined ? envelope : { ...envelope, [CARRIED]: JSON.stringify(carried) }
  return { body: message.payload, headers }
}

/** The message of a record, ours or not. `index`: the partition it was found in. */
export function decode(
  { body, headers, position, time }: StoredSimRecord,
  topic: string,
  index: number,
): StoredMessage {
  // What travels is a copy: nobody reaches what is stored.
  const payload = typeof body === 'string' ? body : body.slice()
  return fromEnvelope({ topic, payload, envelope: headers, id: `${topic}/${index}/${position}`, time })
}

/** To be asked of what stands where only we write: in a topic anybody could claim that a message has failed. */
export function carriedBy({ headers }: SimRecord): Carried | undefined {
  const carried = headers[CARRIED]
  return carried === undefined ? undefined : (JSON.parse(carried) as Carried)
}
