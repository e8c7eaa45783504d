import type { Outgoing } from './outgoing.js'
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
  readonly messages: readonly Outgoing[]
  readonly spans: readonly Span[]
  /** Travels again: it may be stored already, whatever this attempt says. */
  readonly isRepeat: boolean
  /** The how-manieth it was when it was first sent; repeats keep their place. */
  order = 0

  constructor(messages: readonly Outgoing[], spans: readonly Span[], isRepeat = false) {
    this.messages = messages
    this.spans = spans
    this.isRepeat = isRepeat
  }

  /** Visits each message with its submission, its place there, and its place in the batch. */
  each(visit: (submission: Submission, index: number, place: number) => void): void {
    let place = 0
    for (const { submission, from, count } of this.spans) {
      for (let index = from; index < from + count; index++) visit(submission, index, place++)
    }
  }

  /** A repeat of some of the messages; `undefined` for none. */
  repeat(keep: (submission: Submission, index: number) => boolean): Batch | undefined {
    const messages: Outgoing[] = []
    const spans: Span[] = []
    this.each((submission, index, place) => {
      if (!keep(submission, index)) return
      messages.push(this.messages[place] as Outgoing)
      spans.push({ submission, from: index, count: 1 })
    })
    if (messages.length === 0) return undefined
    const batch = new Batch(messages, spans, true)
    batch.order = this.order
    return batch
  }

  /** The same with delays that count from when each message was published; `now` is monotonic, in milliseconds. */
  retimed(now: number): Batch {
    if (!this.spans.some(({ submission }) => submission.isDelayed)) return this
    const messages: Outgoing[] = []
    this.each((submission, index) => messages.push(submission.messageAt(index, now)))
    const batch = new Batch(messages, this.spans, this.isRepeat)
    batch.order = this.order
    return batch
  }
}

/** Takes the next batch off the front of what is pending; what is taken counts as sent. */
export function takeBatch(pending: Submission[], now: number): Batch {
  const first = pending[0] as Submission
  if (first.isDelayed) return takeMixed(pending).retimed(now)
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
  return takeMixed(pending).retimed(now)
}

function takeMixed(pending: Submission[]): Batch {
  const messages: Outgoing[] = []
  const spans: Span[] = []
  let bytes = 0
  let done = 0
  for (const submission of pending) {
    const from = submission.sent
    while (submission.sent < submission.messages.length && messages.length < MOST_MESSAGES && bytes < MOST_BYTES) {
      const message = submission.messages[submission.sent++] as Outgoing
      messages.push(message)
      bytes += submission.weight / submission.messages.length
    }
    if (submission.sent > from) spans.push({ submission, from, count: submission.sent - from })
    if (submission.sent < submission.messages.length) break
    done++
  }
  pending.splice(0, done)
  return new Batch(messages, spans)
}
