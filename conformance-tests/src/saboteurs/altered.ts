import type { OutgoingMessage } from '@pluribus/core/driver'

/** A copy of a message with some members replaced. They may be getters, so that a spread would lose them. */
export function altered(message: OutgoingMessage, changes: Partial<OutgoingMessage>): OutgoingMessage {
  const { id, topic, payload, contentType, key, priority, headers, time, source, version } = message
  const { correlationId, causationId, idSupplied, size, delay } = message
  const envelope = { id, topic, payload, contentType, key, priority, headers, time, source, version }
  return { ...envelope, correlationId, causationId, idSupplied, size, delay, ...changes }
}
