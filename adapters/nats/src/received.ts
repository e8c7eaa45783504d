import type { Msg } from '@nats-io/transport-node'

/** What the client keeps of a message that has come, and does not offer: its bytes. */
interface Kept {
  readonly _msg?: { readonly hdr?: number; readonly subject?: Uint8Array; readonly reply?: Uint8Array }
  readonly _rdata?: Uint8Array
}

const DOT = 46
const DIGIT_0 = 48

/** The header block of a received message as text; empty where it has none. */
export function headerText(received: Msg): string {
  const { _msg, _rdata } = received as unknown as Kept
  if (typeof _msg?.hdr !== 'number' || _rdata === undefined) return received.headers?.toString() ?? ''
  return _msg.hdr < 0 ? '' : bufferOf(_rdata).toString('utf8', 0, _msg.hdr)
}

/** The subject of a received message, as bytes. */
export const subjectBytes = (received: Msg): Uint8Array =>
  (received as unknown as Kept)._msg?.subject ?? Buffer.from(received.subject)

/** Nobody answers it: it is a word of the server itself. */
export const isWord = (received: Msg): boolean =>
  ((received as unknown as Kept)._msg?.reply?.length ?? received.reply?.length ?? 0) === 0

/** Where an answer to it goes; empty for what nobody answers. */
export function replyOf(received: Msg): string {
  const reply = (received as unknown as Kept)._msg?.reply
  return reply === undefined ? (received.reply ?? '') : bufferOf(reply).toString('latin1')
}

/** The whole number that the last name of a subject is, or the one `before` it. */
export function numberAtEnd(subject: Uint8Array, before = 0): number {
  let end = subject.length
  for (let left = before; left > 0; left--) end = subject.lastIndexOf(DOT, end - 1)
  let number = 0
  for (let at = subject.lastIndexOf(DOT, end - 1) + 1; at < end; at++) {
    number = number * 10 + (subject[at] as number) - DIGIT_0
  }
  return number
}

/** Whether two have the same bytes: those that differ mostly do so at the end. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let at = one.length - 1; at >= 0; at--) if (one[at] !== other[at]) return false
  return true
}

/** As one that can be read as text, without a copy. */
const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
