import { createHash } from 'node:crypto'
import type { StoredMessage } from '@pluribus/core/driver'

/** Everything of a message that must come back as it was published, in twelve characters. */
export function digestOf(message: StoredMessage): string {
  const { payload, headers } = message
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload
  const envelope = [
    message.topic,
    message.id,
    message.contentType,
    message.key ?? null,
    message.priority,
    message.time,
    message.source,
    message.version,
    message.correlationId ?? null,
    message.causationId ?? null,
    Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  ]
  return createHash('sha256')
    .update(JSON.stringify(envelope))
    .update('\0')
    .update(bytes)
    .digest('base64url')
    .slice(0, 12)
}
