import type { OutgoingMessage } from '../driver/message.js'
import type { Submission } from './submission.js'

/** The most messages, and about the most bytes, that travel in one call. */
const MOST_MESSAGES = 1_024
const MOST_BYTES = 4 * 1_024 * 1_024

/** The messages `from … from + count - 1` of a submission. */
export interface Span {
  readonly submission: Submission
  readonly from: number
  readonly count: number
}

/** What travels in one call of the adapter: whole submissions, or parts of them. */
export class Batch {
  readonly messages: readonly OutgoingMessage[]
  readonly spans: readonly Span[]

  constructor(messages: readonly OutgoingMessage[], spans: readonly Span[]) {
    this.messages = messages
    this.spans = spans
  }

  /** Which submission, and which of its messages, a place in the batch belongs to. */
  locate(index: number): { readonly submission: Submission; readonly index: number } {
    let before = 0
    for (const { submission, from, count } of this.spans) {
      if (index < before + count) return { submission, index: from + index - before }
      before += count
    }
    throw new RangeError(`A batch of ${before} has no message ${index}.`)
  }
}

/** Takes the next batch off the front of what is pending; what is taken counts as sent. */
export function takeBatch(pending: Submission[]): Batch {
  const first = pending[0] as Submission
  // The common case, one call's messages as they are, copies nothing.
  if (
    first.sent === 0 &&
    first.messages.length <= MOST_MESSAGES &&
    pending.length === 1 &&
    first.weight <= MOST_BYTES
  ) {
    pending.length = 0
    first.sent = first.messages.length
    return new Batch(first.messages, [{ submission: first, from: 0, count: first.messages.length }])
  }
  return takeMixed(pending)
}

function takeMixed(pending: Submission[]): Batch {
  const messages: OutgoingMessage[] = []
  const spans: Span[] = []
  let bytes = 0
  let done = 0
  for (const submission of pending) {
    const from = submission.sent
    while (submission.sent < submission.messages.length && messages.length < MOST_MESSAGES && bytes < MOST_BYTES) {
      const message = submission.messages[submission.sent++] as OutgoingMessage
      messages.push(message)
      bytes += message.payload.length
    }
    if (submission.sent > from) spans.push({ submission, from, count: submission.sent - from })
    if (submission.sent < submission.messages.length) break
    done++
  }
  pending.splice(0, done)
  return new Batch(messages, spans)
}
