import type { MsgHdrs } from '@nats-io/transport-node'
import { RAW_SCENARIOS } from '../../server/scenarios.ts'
import { bufferOf } from '../../server/text.ts'
import type { Subject } from '../../subject.ts'
import { openQueue } from './raw-minimal.ts'

/** Unique among processes and their restarts. */
const PRODUCER = `${process.pid.toString(36)}${Date.now().toString(36)}`
let serial = 0

/** Of the client's headers a publish calls `encode` alone: written as text, they cost a tenth of what its own class does. */
class Envelope {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  encode(): Uint8Array {
    return Buffer.from(this.#text, 'latin1')
  }
}

let lastTime = 0
let lastDate = ''

/** Those of one millisecond are the same. */
function date(): string {
  const now = Date.now()
  if (now !== lastTime) lastDate = new Date(now).toISOString()
  lastTime = now
  return lastDate
}

/** What ours stores with a message whose id was generated: no de-duplication by id, of which the server would keep a table. */
const envelope = (): MsgHdrs =>
  new Envelope(
    `NATS/1.0\r\nce-id: ${PRODUCER}-${++serial}\r\nce-source: bench\r\nce-time: ${date()}\r\ncontent-type: application/octet-stream\r\n\r\n`,
  ) as unknown as MsgHdrs

/**
 * By hand, with the same stored effects as ours: id, source, time and type beside the body; place, delivery record and attempts
 * are the server's. No options, validation, events, retries after a delay, dead letters, suspects, keys, priorities: that is
 * what the rest costs.
 */
export const rawEqual: Subject = {
  name: 'raw-equal',
  what: 'raw-minimal with the stored effects of ours: id, source, time and type with each message',
  keeps: true,
  only: RAW_SCENARIOS,
  open: ({ url }) => openQueue(url, ({ data }) => ({ data: bufferOf(data), headers: envelope() })),
}
