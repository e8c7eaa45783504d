import type { SQLOutputValue } from 'node:sqlite'
import type { StoredMessage } from '@pluribus/core/driver'

/** What the columns of a message hold beside those that are searched. */
export interface Encoded {
  readonly meta: string
  /** Null where the payload is bytes. UTF-16 where UTF-8 would alter a text. */
  readonly encoding: 'utf8' | 'utf16le' | null
  readonly payload: Uint8Array
}

export function encode(message: StoredMessage): Encoded {
  const { id, topic, contentType, key, priority, headers, time, source, version, correlationId, causationId } = message
  const plain = { id, topic, contentType, key, priority, headers, time, source, version, correlationId, causationId }
  const meta = JSON.stringify(plain)
  const { payload } = message
  if (typeof payload !== 'string') return { meta, encoding: null, payload }
  const encoding = payload.isWellFormed() ? 'utf8' : 'utf16le'
  return { meta, encoding, payload: Buffer.from(payload, encoding) }
}

/** The message of a row with the columns `meta`, `encoding` and `payload`. */
export function decode({ meta, encoding, payload }: Record<string, SQLOutputValue>): StoredMessage {
  const plain: StoredMessage = JSON.parse(String(meta))
  const bytes = payload instanceof Uint8Array ? payload : new Uint8Array()
  const text = encoding === 'utf8' || encoding === 'utf16le' ? Buffer.from(bytes).toString(encoding) : undefined
  return {
    ...plain,
    payload: text ?? bytes,
    headers: Object.assign(Object.create(null), plain.headers),
    // JSON leaves out what is undefined.
    key: plain.key,
    correlationId: plain.correlationId,
    causationId: plain.causationId,
  }
}
