import type { OutgoingMessage, StoredMessage } from '@pluribus/core/driver'

/** A copy of a message, some members of which are different. Those of the original may be getters, which a spread would lose. */
export function messageLike(message: StoredMessage, changes: Partial<StoredMessage> = {}): StoredMessage {
  const { id, topic, payload, contentType, key, priority, headers } = message
  const { time, source, version, correlationId, causationId } = message
  const envelope = { time, source, version, correlationId, causationId }
  return { id, topic, payload, contentType, key, priority, headers, ...envelope, ...changes }
}

/** The same of a message on its way to the store. */
export function outgoingLike(message: OutgoingMessage, changes: Partial<OutgoingMessage>): OutgoingMessage {
  const { idSupplied, size, delay } = message
  return { ...messageLike(message), idSupplied, size, delay, ...changes }
}
