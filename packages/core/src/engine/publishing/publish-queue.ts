import type { Adapter } from '../../driver/adapter.js'
import { Alarm } from '../../driver/alarm.js'
import type { Environment } from '../../driver/environment.js'
import type { PublishException } from '../../driver/publisher.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import { Backoff } from '../connection/backoff.js'
import type { Declarations, KnownTopics } from '../connection/declarations.js'
import { closedError, type Generation, type Link, type LinkFollower } from '../connection/link.js'
import { fromNative } from '../native-error.js'
import type { Capable } from '../requirements.js'
import type { Turn } from '../turn.js'
import { type Batch, takeBatch } from './batch.js'
import { Doubts, inDoubt } from './doubts.js'
import type { Outgoing } from './outgoing.js'
import { Submission } from './submission.js'
import { TopicGate, type Waiting } from './topic-gate.js'

/** What the queue works with. */
export interface PublishQueueParts {
  readonly adapter: Adapter
  readonly environment: Environment
  readonly link: Link
  readonly turn: Turn
  readonly topics: KnownTopics
  readonly declarations: Declarations
  readonly capable: () => Capable
  readonly publishTimeout: number
  readonly maxPending: number
}

/**
 * Sends messages in the order of the calls. Batching without timers: what is published while a batch is in flight travels in
 * the next one. What is not sent waits for a connection up to its deadline, then fails definite; what was sent and not
 * answered is in doubt, and is sent again only where the broker recognises it.
 */
export class PublishQueue implements LinkFollower {
  readonly #parts: PublishQueueParts
  readonly #backoff: Backoff
  readonly #gate: TopicGate
  readonly #doubts: Doubts
  readonly #deadline: Alarm
  /** While it is set, nothing is sent: the broker has just refused what is to be tried again. */
  readonly #rest: Alarm
  readonly #idle = new Set<() => void>()
  /** In order; only the first may be partly sent. */
  #pending: Submission[] = []
  /** In the order in which they were first sent, and before everything that is pending. */
  #again: Batch[] = []
  readonly #inFlight = new Set<Batch>()
  #sent = 0
  #weight = 0
  #scheduled = false
  #closed = false
  /** Why nothing could be sent lately, while there is a connection. */
  #lastError: PluribusError | undefined

  constructor(parts: PublishQueueParts) {
    const { timers, random } = parts.environment
    this.#parts = parts
    this.#backoff = new Backoff(random)
    this.#gate = new TopicGate(parts.topics, parts.declarations)
    this.#doubts = new Doubts(parts)
    this.#deadline = new Alarm(timers, () => this.#expire())
    this.#rest = new Alarm(timers, () => this.#flush())
    parts.link.follow(this)
  }

  /** Queues messages; `done` is called when the fate of each is known. Throws `OVERLOADED` or `CLOSED`, both definite. */
  submit(messages: readonly Outgoing[], done: (submission: Submission) => void): void {
    if (this.#closed) throw closedError()
    const submission = new Submission(messages, over => {
      this.#weight -= over.weight
      done(over)
      if (this.#weight === 0) this.#announceIdle()
    })
    if (this.#weight + submission.weight > this.#parts.maxPending && this.#weight > 0)
      throw this.#overloaded(submission)
    this.#weight += submission.weight
    this.#pending.push(submission)
    this.#schedule()
  }

  up(): void {
    this.#backoff.reset()
    this.#schedule()
  }

  /** Whatever was in flight is in doubt. */
  down(error: PluribusError): void {
    this.#gate.reset()
    this.#rest.clear()
    for (const batch of this.#inFlight) this.#doubts.add(batch, error)
    this.#inFlight.clear()
    this.#resolveDoubts()
    this.#schedule()
  }

  /** Takes no more; resolves when nothing is pending, or fails what still is after `ms` milliseconds. */
  async close(ms: number): Promise<void> {
    this.#closed = true
    const { timers } = this.#parts.environment
    if (this.#weight > 0) {
      await new Promise<void>(resolve => {
        const timer = timers.setTimeout(resolve, ms)
        this.#idle.add(() => {
          timers.clearTimeout(timer)
          resolve()
        })
      })
    }
    const unanswered = [...this.#doubts.take(), ...this.#inFlight, ...this.#again]
    this.#inFlight.clear()
    this.#again = []
    this.#rest.clear()
    for (const batch of unanswered) failBatch(batch, UNANSWERED)
    this.#failPending(() => true, closedError())
    this.#deadline.clear()
  }

  #announceIdle(): void {
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // A microtask: every publish of this stretch of code travels together.
    queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    this.#date()
    while (this.#pending.length > 0 || this.#again.length > 0) {
      const generation = this.#parts.link.current
      if (generation === undefined || this.#rest.isSet || this.#gate.isClosed) return this.#watchDeadline()
      this.#deadline.clear()
      // Nothing may overtake what is in doubt: what to do about it is known when everything behind it is answered.
      if (!this.#doubts.isEmpty || this.#inFlight.size >= generation.connection.publisher.window) return
      if (!this.#gate.admits(generation, this.#waiting)) return this.#declare(generation)
      if (!this.#admitted()) {
        this.#scheduled = true
        return this.#parts.turn.defer(this.#flush)
      }
      this.#send(generation, this.#next())
    }
  }

  /**
   * One look at the clock for all that has come since the last one. After the calls, because the time of the turn may be
   * older than they are: what is counted from it would end early.
   */
  #date(): void {
    const pending = this.#pending
    if (pending.length === 0 || (pending.at(-1) as Submission).isDated) return
    const now = this.#parts.environment.clock.monotonic()
    for (let at = pending.length - 1; at >= 0; at--) {
      const submission = pending[at] as Submission
      if (submission.isDated) return
      submission.date(now, this.#parts.publishTimeout)
    }
  }

  get #waiting(): Waiting {
    return { again: this.#again, pending: this.#pending }
  }

  #admitted(): boolean {
    const next = this.#again[0]?.messages.length ?? (this.#pending[0] as Submission).messages.length
    return this.#parts.turn.admitPublishes(next)
  }

  #next(): Batch {
    const { now } = this.#parts.turn
    const repeat = this.#again.shift()
    if (repeat !== undefined) return repeat.retimed(now)
    const batch = takeBatch(this.#pending, now)
    batch.order = ++this.#sent
    return batch
  }

  #send(generation: Generation, batch: Batch): void {
    this.#inFlight.add(batch)
    const { connection, watchdog } = generation
    let sending: Promise<readonly PublishException[]>
    try {
      sending = connection.publisher.publish(batch.messages)
    } catch (error) {
      sending = Promise.reject(error)
    }
    watchdog.watch('publish', sending).then(
      exceptions => {
        if (!this.#inFlight.delete(batch)) return
        this.#backoff.reset()
        this.#settle(batch, exceptions)
        this.#resolveDoubts()
        this.#flush()
      },
      error => {
        if (!this.#inFlight.delete(batch)) return
        this.#doubts.add(batch, fromNative(this.#parts.adapter, error, 'publish'))
        this.#resolveDoubts()
        this.#schedule()
      },
    )
  }

  #settle(batch: Batch, exceptions: readonly PublishException[]): void {
    if (exceptions.length > 0) return this.#settleWithExceptions(batch, exceptions)
    for (const { submission, count } of batch.spans) submission.stored(count)
  }

  #settleWithExceptions(batch: Batch, exceptions: readonly PublishException[]): void {
    const byPlace = new Map(exceptions.map(exception => [exception.index, exception]))
    batch.each((submission, index, place) => {
      const exception = byPlace.get(place)
      // A duplicate of a repeat is its own first attempt: to the caller, an ordinary success.
      if (exception === undefined || (batch.isRepeat && exception.kind === 'duplicate')) submission.stored(1)
      else if (exception.kind === 'duplicate') submission.duplicate(index)
      else submission.failed(index, this.#failure(exception, batch.isRepeat, batch.messages[place] as Outgoing))
    })
  }

  #failure(
    { error, outcome }: Extract<PublishException, { kind: 'failed' }>,
    isRepeat: boolean,
    message: Outgoing,
  ): PluribusError {
    const failure = fromNative(this.#parts.adapter, error, 'publish', outcome)
    return isRepeat || outcome === 'unknown' ? inDoubt(failure, message) : failure
  }

  /** Once nothing is in flight any more: puts in front what is to be sent again, and rests where the broker is still there. */
  #resolveDoubts(): void {
    if (this.#doubts.isEmpty || this.#inFlight.size > 0) return
    const { repeats, error } = this.#doubts.resolve()
    if (repeats.length === 0) return
    this.#again = [...repeats, ...this.#again]
    this.#lastError = error
    if (this.#parts.link.current !== undefined) this.#rest.set(this.#backoff.next())
  }

  #declare(generation: Generation): void {
    const { adapter } = this.#parts
    const failed = (error: unknown) =>
      this.#undeclarable(names, fromNative(adapter, error, `cannot declare ${names.join(', ')}`, 'definite'))
    const names = this.#gate.declare(generation, this.#waiting, this.#flush, failed)
    this.#watchDeadline()
  }

  #undeclarable(names: readonly string[], error: PluribusError): void {
    this.#lastError = error
    if (error.retryable) {
      this.#rest.set(this.#backoff.next())
    } else if (names.length === 1) {
      this.#failPending(submission => submission.topic === names[0], error)
      this.#failAgain(({ topic }) => topic === names[0], error)
    }
    this.#schedule()
  }

  #watchDeadline(): void {
    if (this.#deadline.isSet) return
    let first = Number.POSITIVE_INFINITY
    for (const { deadline } of this.#pending) first = Math.min(first, deadline)
    for (const { spans } of this.#again)
      for (const { submission } of spans) first = Math.min(first, this.#doubts.limitOf(submission))
    if (first < Number.POSITIVE_INFINITY) {
      this.#deadline.set(Math.max(0, Math.ceil(first - this.#parts.environment.clock.monotonic())))
    }
  }

  #expire(): void {
    const error = this.#expired()
    const now = this.#parts.environment.clock.monotonic()
    this.#failAgain((_, submission) => this.#doubts.limitOf(submission) <= now, error)
    this.#failPending(submission => submission.deadline <= now, error)
    this.#schedule()
  }

  #expired(): PluribusError {
    const { adapter, link, publishTimeout } = this.#parts
    const cause = link.current === undefined ? link.lastError : this.#lastError
    const why = link.current === undefined ? 'there is no connection' : 'the broker does not take it'
    const reason = cause === undefined ? why : `${why} (${cause.message})`
    const message = `${adapter.name}: not sent within ${publishTimeout} ms, because ${reason}. Publish again later.`
    return new PluribusError('UNAVAILABLE', message, { cause, outcome: 'definite' })
  }

  #failAgain(which: (message: Outgoing, submission: Submission) => boolean, error: PluribusError): void {
    this.#again = this.#again.flatMap(batch => {
      const isHit = (submission: Submission, index: number) => which(submission.messages[index] as Outgoing, submission)
      const kept = batch.repeat((submission, index) => !isHit(submission, index))
      batch.each((submission, index, place) => {
        const message = batch.messages[place] as Outgoing
        if (isHit(submission, index)) submission.failed(index, inDoubt(error, message))
      })
      return kept ?? []
    })
  }

  #failPending(which: (submission: Submission) => boolean, error: PluribusError): void {
    const failing = new Set(this.#pending.filter(which))
    if (failing.size === 0) return
    this.#pending = this.#pending.filter(submission => !failing.has(submission))
    for (const submission of failing) {
      for (let index = submission.sent; index < submission.messages.length; index++) submission.failed(index, error)
    }
  }

  #overloaded({ weight }: Submission): PluribusError {
    const { maxPending } = this.#parts
    const message = `${this.#weight} bytes are in flight and ${weight} more exceed maxPending (${maxPending}). Nothing was stored; await earlier publishes first.`
    return new PluribusError('OVERLOADED', message, {
      outcome: 'definite',
      details: { inFlight: this.#weight, maxPending },
    })
  }
}

const UNANSWERED = new PluribusError('CLOSED', 'The broker was closed before the publish was answered.')

function failBatch(batch: Batch, error: PluribusError): void {
  batch.each((submission, index, place) => {
    submission.failed(index, inDoubt(error, batch.messages[place] as Outgoing))
  })
}
