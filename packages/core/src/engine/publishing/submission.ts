import type { PluribusError } from '../../errors/pluribus-error.js'
import type { Receipt } from '../../model/publish-options.js'
import type { PublishReport } from '../../model/publish-report.js'
import { type Outgoing, weightOf } from './outgoing.js'

type Failure = PublishReport['failures'][number]

const UNKNOWN = Number.POSITIVE_INFINITY
const NO_FAILURES: readonly Failure[] = Object.freeze([])

/** What one call of `publish` or `publishMany` is waiting for. */
export class Submission {
  readonly messages: readonly Outgoing[]
  /** About how many bytes it occupies. */
  readonly weight: number
  /** Some of the messages have a delay, which counts from `since`, however long they wait to be sent. */
  readonly isDelayed: boolean
  /** Monotonic times: of the call, or soon after it, and up to when what is not sent may wait. Unknown until `date`. */
  since = UNKNOWN
  deadline = UNKNOWN
  readonly #done: (submission: Submission) => void
  /** Messages before this have been handed to the adapter. */
  sent = 0
  #left: number
  #failures: Failure[] | undefined
  #duplicates: Set<number> | undefined

  constructor(messages: readonly Outgoing[], done: (submission: Submission) => void) {
    let weight = 0
    let isDelayed = false
    for (const message of messages) {
      weight += weightOf(message)
      isDelayed ||= message.delay > 0
    }
    this.messages = messages
    this.weight = weight
    this.isDelayed = isDelayed
    this.#done = done
    this.#left = messages.length
  }

  get isDated(): boolean {
    return this.since !== UNKNOWN
  }

  /** It is there since `now`, monotonic milliseconds, or shortly before; what is not sent may wait for `timeout` more. */
  date(now: number, timeout: number): void {
    this.since = now
    this.deadline = now + timeout
  }

  /** A message with what is left of its delay; `now` is monotonic, in milliseconds. */
  messageAt(index: number, now: number): Outgoing {
    const message = this.messages[index] as Outgoing
    const waited = Math.round(now - this.since)
    return message.delay === 0 || waited < 1 ? message : message.withDelay(Math.max(0, message.delay - waited))
  }

  /** The topic of all its messages. */
  get topic(): string {
    return (this.messages[0] as Outgoing).topic
  }

  stored(count: number): void {
    this.#left -= count
    if (this.#left === 0) this.#done(this)
  }

  duplicate(index: number): void {
    this.#duplicates ??= new Set()
    this.#duplicates.add(index)
    this.stored(1)
  }

  failed(index: number, error: PluribusError): void {
    this.#failures ??= []
    this.#failures.push({ index, id: (this.messages[index] as Outgoing).id, error })
    this.stored(1)
  }

  get failures(): readonly Failure[] {
    // What was in doubt fails later than what stands behind it.
    return this.#failures?.sort((a, b) => a.index - b.index) ?? NO_FAILURES
  }

  isDuplicate(index: number): boolean {
    return this.#duplicates?.has(index) ?? false
  }

  receipt(index: number): Receipt {
    return { id: (this.messages[index] as Outgoing).id, duplicate: this.isDuplicate(index) }
  }

  report(): PublishReport {
    return new Report(this)
  }
}

/** The receipts are made when they are read: most callers of `publishMany` never look. */
class Report implements PublishReport {
  readonly #submission: Submission
  #receipts: readonly (Receipt | undefined)[] | undefined

  constructor(submission: Submission) {
    this.#submission = submission
  }

  get stored(): number {
    return this.#submission.messages.length - this.#submission.failures.length
  }

  get failures(): readonly Failure[] {
    return this.#submission.failures
  }

  get receipts(): readonly (Receipt | undefined)[] {
    if (this.#receipts === undefined) {
      const failed = new Set(this.failures.map(failure => failure.index))
      const receipt = (_: unknown, index: number) => (failed.has(index) ? undefined : this.#submission.receipt(index))
      this.#receipts = this.#submission.messages.map(receipt)
    }
    return this.#receipts
  }
}
