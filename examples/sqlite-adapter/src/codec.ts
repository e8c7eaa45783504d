import type { SQLOutputValue } from 'node:sqlite'
import { fromEnvelope, type OutgoingMessage, type StoredMessage, toEnvelope } from '@pluribus/core/driver'

/** Everything of a message but its topic and its payload, which have columns: text stays text there, and bytes bytes. */
export const encode = (message: StoredMessage): string => JSON.stringify(toEnvelope(message))

/** The message of a row of `messages`. */
export function decode({ topic, payload, seq, stored, envelope }: Record<string, SQLOutputValue>): StoredMessage {
  return fromEnvelope({
    topic: String(topic),
    payload: payload instanceof Uint8Array ? payload : String(payload),
    envelope: JSON.parse(String(envelope)),
    id: String(seq),
    time: Number(stored),
  })
}

/** Bytes of payload and headers, which retention counts. */
export function sizeOf({ size, headers }: OutgoingMessage): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), size)
}
