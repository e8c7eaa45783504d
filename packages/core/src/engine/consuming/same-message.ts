import type { Headers, Payload, StoredMessage } from '../../driver/message.js'

/**
 * Whether two deliveries are of one message, as far as anybody can see. The id does not say it: it may have been published
 * again, with other data, when the broker had forgotten it. Copies that differ in nothing stand for each other.
 */
export function isSameMessage(a: StoredMessage, b: StoredMessage): boolean {
  if (a === b) return true
  if (a.id !== b.id || a.time !== b.time || a.source !== b.source || a.key !== b.key) return false
  return a.priority === b.priority && isSamePayload(a.payload, b.payload) && areSameHeaders(a.headers, b.headers)
}

function isSamePayload(a: Payload, b: Payload): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function areSameHeaders(a: Headers, b: Headers): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}
