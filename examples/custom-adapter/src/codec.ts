import type { SQLOutputValue } from 'node:sqlite'
import type { OutgoingMessage, StoredMessage } from '@pluribus/core/driver'

/** Everything of a message but its payload, which has a column of its own: text stays text there, and bytes bytes. */
export function encode(message: StoredMessage): string {
  const { id, topic, contentType, key, priority, headers, time, source, version, correlationId, causationId } = message
  return JSON.stringify({
    id,
    topic,
    contentType,
    key,
    priority,
    headers,
    time,
    source,
    version,
    correlationId,
    causationId,
  })
}

/** The message of a row with the columns `meta` and `payload`. */
export function decode({ meta, payload }: Record<string, SQLOutputValue>): StoredMessage {
  const plain: StoredMessage = JSON.parse(String(meta))
  return {
    ...plain,
    payload: payload instanceof Uint8Array ? payload : String(payload),
    headers: Object.assign(Object.create(null), plain.headers),
    // JSON leaves out what is undefined.
    key: plain.key,
    correlationId: plain.correlationId,
    causationId: plain.causationId,
  }
}

/** Bytes of payload and headers, which retention counts. */
export function sizeOf({ size, headers }: OutgoingMessage): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), size)
}
