import { ask, int16, int32, text } from '../../src/wire/kafka.ts'
import { converse } from '../../src/wire/wire.ts'
import type { Contents } from './contents.ts'

const METADATA = 3
const CREATE_TOPICS = 19
const UNKNOWN_TOPIC = 3

/** A topic, with one partition and one replica: what is not overridden has two empty arrays. */
const kept = Buffer.concat([int32(1), text('kept'), int32(1), int16(1), int32(0), int32(0)])

/** Skips metadata's brokers (id, host, port, rack) and controller; the first topic's error code follows. */
function topicError(answer: Buffer): number {
  let at = 4
  for (let left = answer.readInt32BE(0); left > 0; left--) {
    at += 4
    at += 2 + answer.readInt16BE(at) + 4
    at += 2 + Math.max(0, answer.readInt16BE(at))
  }
  return answer.readInt16BE(at + 4 + 4)
}

export const kafkaContents: Contents = {
  store: port =>
    converse(port, async wire => {
      const timeoutAndValidate = Buffer.concat([int32(30_000), Buffer.from([0])])
      const answer = await ask(wire, CREATE_TOPICS, 2, Buffer.concat([kept, timeoutAndValidate]))
      // throttle(4), one topic(4), its name(2 + 4), its error
      const error = answer.readInt16BE(14)
      if (error !== 0) throw new Error(`Kafka has not made the topic: ${error}`)
    }),
  isThere: port =>
    converse(port, async wire => {
      const error = topicError(await ask(wire, METADATA, 1, Buffer.concat([int32(1), text('kept')])))
      if (error !== 0 && error !== UNKNOWN_TOPIC) throw new Error(`Kafka does not know its topic: ${error}`)
      return error === 0
    }),
}
