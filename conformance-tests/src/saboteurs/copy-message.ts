import type { OutgoingMessage, StoredMessage } from '@pluribus/core/driver'

/** A copy of a message, changed in some ways. Those of an adapter may have getters on a prototype, which a spread would lose. */
export const copyMessage = (message: StoredMessage, changes: Partial<StoredMessage> = {}): StoredMessage => ({
  id: message.id,
  topic: message.topic,
  payload: message.payload,
  contentType: message.contentType,
  key: message.key,
  priority: message.priority,
  headers: message.headers,
  time: message.time,
  source: message.source,
  version: message.version,
  correlationId: message.correlationId,
  causationId: message.causationId,
  ...changes,
})

/** A copy of a message, as a publisher takes it. */
export const outgoingCopy = (message: StoredMessage, changes: Partial<StoredMessage> = {}): OutgoingMessage => ({
  ...copyMessage(message, changes),
  idSupplied: false,
  size: message.payload.length,
  delay: 0,
})
