import { ValueEncoder } from './value-encoder.js'

// A frame, little-endian:
//
//    0        4      5
//   +--------+------+---------------------------+
//   | length | type | body                      |
//   +--------+------+---------------------------+
//
//   length   bytes behind it, type included: from 1 to what was agreed on
//
//   type       from     body
//   HELLO      client   magic u32, version u16, the token of the server's lock, 32 characters
//   WELCOME    server   version u16
//   REQUEST    client   id u32, value: [method, argument]
//   CANCEL     client   id u32
//   REPLY      server   id u32, value
//   FAILURE    server   id u32, value: { code, message, retryable, outcome, details }
//   PUSH       server   value: [name, argument]
//   PING       both     nothing; answered with
//   PONG       both     nothing
//
// HELLO and WELCOME stay as they are, whatever later versions change.

export const HELLO = 1
export const WELCOME = 2
export const REQUEST = 3
export const CANCEL = 4
export const REPLY = 5
export const FAILURE = 6
export const PUSH = 7
export const PING = 8
export const PONG = 9

/** Bytes before a frame's type. */
export const LENGTH_BYTES = 4

/** What a frame may have behind its length, unless something else was agreed on: a publish of 32 MiB fits. */
export const MAX_FRAME = 33 * 1024 * 1024

/** What a client may send that has not shown the token. */
export const MAX_GREETING = 64

/** What a server may answer to that: a refusal, at most. */
export const MAX_REFUSAL = 32 * 1024

/** One frame, without its length. */
export interface Frame {
  readonly type: number
  /** What is behind the type. */
  readonly body: Buffer
}

/**
 * The bytes of a frame.
 *
 * @param write Writes the body.
 * @throws PluribusError `TOO_LARGE`; `INVALID_ARGUMENT` for what is no plain data.
 */
export function encodeFrame(type: number, limit: number, write: (body: ValueEncoder) => void = () => {}): Buffer {
  const encoder = new ValueEncoder(limit)
  encoder.u32(0)
  encoder.byte(type)
  write(encoder)
  const { bytes } = encoder
  encoder.insistOnLimit(LENGTH_BYTES)
  bytes.writeUInt32LE(bytes.length - LENGTH_BYTES, 0)
  return bytes
}
