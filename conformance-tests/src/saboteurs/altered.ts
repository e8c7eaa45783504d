import type { OutgoingMessage, StoredMessage } from '@pluribus/core/driver'

/** A copy of a message with some members replaced. They may be getters, so that a spread would lose them. */
export function stored(message: StoredMessage, changes: Partial<StoredMessage>): StoredMessage {
  const { id, topic, payload, contentType, key, priority, headers, time, source, version } = message
  const { correlationId, causationId } = message
  const envelope = { id, topic, payload, contentType, key, priority, headers, time, source, version }
  return { ...envelope, correlationId, causationId, ...changes }
}

/** The same of a message on its way to the store. */
export function altered(message: OutgoingMessage, changes: Partial<OutgoingMessage>): OutgoingMessage {
  const { idSupplied, size, delay } = message
  return { ...stored(message, {}), idSupplied, size, delay, ...changes }
}
