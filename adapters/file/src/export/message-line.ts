import type { StoredMessage } from '@pluribus/core/driver'
import type { Death } from '../format/records.js'
import { contentOf } from './content.js'
import { isoOf } from './file-name.js'

/** What a line says of a message beside what its publisher has said. */
export interface AboutMessage {
  /** Null where its name is lost. */
  readonly topic: string | null
  readonly position: number
  /** Milliseconds since the epoch. */
  readonly stored: number
  readonly subscriptions: readonly object[]
}

/** A message as a line of JSON, without its end. Every line has the same members. */
export function messageLine(message: StoredMessage, { topic, position, stored, subscriptions }: AboutMessage): string {
  const { id, key = null, priority, time, source, version, contentType, headers } = message
  const { correlationId = null, causationId = null } = message
  const { encoding, data } = contentOf(contentType, message.payload)
  const head = {
    ...{ topic, position, id, key, priority, time: isoOf(time), stored: isoOf(stored), source, version },
    ...{ correlationId, causationId, headers, contentType, encoding },
  }
  // What is JSON already stays as it is.
  return `${JSON.stringify(head).slice(0, -1)},"data":${data},"subscriptions":${JSON.stringify(subscriptions)}}`
}

/** A dead letter as a line of JSON, without its end: its message has the same topic and position. */
export function deathLine(topic: string, subscription: string, death: Death): string {
  const { position, time, reason, attempts, losses, errors } = death
  return JSON.stringify({ topic, position, subscription, time: isoOf(time), reason, attempts, losses, errors })
}
