import type { Msg } from '@nats-io/transport-node'
import { TEXT } from './codec.js'
import { Cut } from './cut.js'

/** What the client keeps of a message that has come, and does not offer: where it is, and its bytes. */
interface Kept {
  readonly _msg?: Cut
  readonly _rdata?: Buffer
}

/** Where most others have another letter. */
const TEXT_AT = TEXT.indexOf('pluribus')
const DOT = 46
const DIGIT_0 = 48

/** The message where it has come; undefined where the client has taken it apart. */
function cutOf(received: Msg): Cut | undefined {
  const { _msg } = received as unknown as Kept
  return _msg instanceof Cut ? _msg : undefined
}

/** The header block of a received message as text; empty where it has none. */
export function headerText(received: Msg): string {
  const cut = cutOf(received)
  if (cut === undefined) return received.headers?.toString() ?? ''
  return cut.hdr < 0 ? '' : cut.bytes.toString('utf8', cut.contentAt, cut.contentAt + cut.hdr)
}

/** What it carries, without its headers. */
export function contentOf(received: Msg): Uint8Array {
  const cut = cutOf(received)
  if (cut === undefined) return received.data
  return cut.bytes.subarray(cut.contentAt + Math.max(0, cut.hdr), cut.contentAt + cut.size)
}

/** It carries text that is no JSON: that stands first in what a message of ours says of itself. */
export function isTextual(received: Msg): boolean {
  const cut = cutOf(received)
  if (cut === undefined) return headerText(received).startsWith(TEXT)
  return cut.bytes[cut.contentAt + TEXT_AT] === TEXT.charCodeAt(TEXT_AT) && headerText(received).startsWith(TEXT)
}

/** The whole number that the last name of its subject is, or the one `before` it. */
export function numberAtEnd(received: Msg, before = 0): number {
  const cut = cutOf(received)
  if (cut !== undefined) return numberIn(cut.bytes, cut.subjectAt, cut.subjectEnd, before)
  const subject = Buffer.from(received.subject)
  return numberIn(subject, 0, subject.length, before)
}

/** Nobody answers it: it is a word of the server itself. */
export function isWord(received: Msg): boolean {
  const cut = cutOf(received)
  return cut === undefined ? !received.reply : cut.replyEnd === cut.replyAt
}

/** Where an answer to it goes; empty for what nobody answers. */
export function replyOf(received: Msg): string {
  const cut = cutOf(received)
  return cut === undefined ? (received.reply ?? '') : cut.bytes.toString('latin1', cut.replyAt, cut.replyEnd)
}

/** Whether it has that subject: those that differ mostly do so at the end. */
export function hasSubject(received: Msg, subject: string): boolean {
  const cut = cutOf(received)
  if (cut === undefined) return received.subject === subject
  const { bytes, subjectAt, subjectEnd } = cut
  if (subjectEnd - subjectAt !== subject.length) return false
  for (let at = subject.length - 1; at >= 0; at--) if (bytes[subjectAt + at] !== subject.charCodeAt(at)) return false
  return true
}

function numberIn(bytes: Uint8Array, from: number, to: number, before: number): number {
  let at = to - 1
  for (let left = before; left > 0; left--) {
    while (at > from && bytes[at] !== DOT) at--
    at--
  }
  let number = 0
  for (let place = 1; at >= from && bytes[at] !== DOT; at--) {
    number += ((bytes[at] as number) - DIGIT_0) * place
    place *= 10
  }
  return number
}
