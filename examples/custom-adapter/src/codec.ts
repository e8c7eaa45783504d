import type { SQLOutputValue } from 'node:sqlite'
import { fromEnvelope, type StoredMessage } from '@pluribus/core/driver'

/** The message of a row of `messages`. */
export const decode = ({ topic, payload, seq, stored, envelope }: Record<string, SQLOutputValue>): StoredMessage =>
  fromEnvelope({
    topic: String(topic),
    payload: payload instanceof Uint8Array ? payload : String(payload),
    envelope: JSON.parse(String(envelope)),
    id: String(seq),
    time: Number(stored),
  })
