import type { Adapter } from '../driver/adapter.js'
import type { Environment, TimerHandle } from '../driver/environment.js'
import type { OutgoingMessage } from '../driver/message.js'
import type { PublishException } from '../driver/publisher.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { Backoff } from './backoff.js'
import { type Batch, takeBatch } from './batch.js'
import type { Declarations, KnownTopics } from './declarations.js'
import type { Emitter } from './emitter.js'
import { closedError, type Generation, type Link, type LinkFollower } from './link.js'
import { fromNative } from './native-error.js'
import { Submission } from './submission.js'
import type { Turn } from './turn.js'

/** What the queue works with. */
export interface PublishQueueParts {
  readonly adapter: Adapter
  readonly environment: Environment
  readonly emitter: Emitter
  readonly link: Link
  readonly turn: Turn
  readonly topics: KnownTopics
  readonly declarations: Declarations
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
  readonly #idle = new Set<() => void>()
  /** In order; only the first may be partly sent. */
  #pending: Submission[] = []
  #inFlight = new Set<Batch>()
  #weight = 0
  #scheduled = false
  #declaring = false
  #deadline: TimerHandle | undefined
  #closed = false

  constructor(parts: PublishQueueParts) {
    this.#parts = parts
    this.#backoff = new Backoff(parts.environment.random)
    parts.link.follow(this)
  }

  /** Queues messages; `done` is called when the fate of each is known. Throws `OVERLOADED` or `CLOSED`, both definite. */
  submit(messages: readonly OutgoingMessage[], weight: number, done: (submission: Submission) => void): void {
    if (this.#closed) throw closedError()
    if (this.#weight + weight > this.#parts.maxPending && this.#weight > 0) throw this.#overloaded(weight)
    this.#weight += weight
    const finish = (submission: Submission) => {
      this.#weight -= weight
      done(submission)
      if (this.#weight === 0) this.#announceIdle()
    }
    const deadline = this.#parts.turn.now + this.#parts.publishTimeout
    this.#pending.push(new Submission(messages, weight, deadline, finish))
    this.#schedule()
  }

  up(): void {
    this.#schedule()
  }

  /** Whatever was in flight is in doubt. */
  down(error: PluribusError): void {
    const doubtful = [...this.#inFlight]
    this.#inFlight.clear()
    for (const batch of doubtful.reverse()) this.#doubt(batch, error)
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
    const rest = [...this.#inFlight]
    this.#inFlight.clear()
    for (const batch of rest) this.#failBatch(batch, this.#unanswered())
    this.#failPending(() => true, closedError())
    if (this.#deadline !== undefined) timers.clearTimeout(this.#deadline)
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
    while (this.#pending.length > 0) {
      const generation = this.#parts.link.current
      if (generation === undefined) return this.#watchDeadline()
      if (this.#declaring || this.#inFlight.size >= generation.connection.publisher.window) return
      if (!this.#declared(generation)) return this.#declare(generation)
      const next = (this.#pending[0] as Submission).messages.length
      if (!this.#parts.turn.admitPublishes(next)) {
        this.#scheduled = true
        return this.#parts.turn.defer(this.#flush)
      }
      this.#send(generation, takeBatch(this.#pending))
    }
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
        this.#settle(batch, exceptions)
        if (this.#pending.length > 0) this.#flush()
      },
      error => {
        if (!this.#inFlight.delete(batch)) return
        this.#doubt(batch, fromNative(this.#parts.adapter, error, 'publish'))
        this.#schedule()
      },
    )
  }

  #settle(batch: Batch, exceptions: readonly PublishException[]): void {
    if (exceptions.length > 0) return this.#settleWithExceptions(batch, exceptions)
    for (const { submission, count } of batch.spans) submission.stored(count)
  }

  #settleWithExceptions(batch: Batch, exceptions: readonly PublishException[]): void {
    const byIndex = new Map(exceptions.map(exception => [exception.index, exception]))
    for (let place = 0; place < batch.messages.length; place++) {
      const exception = byIndex.get(place)
      const { submission, index } = batch.locate(place)
      if (exception === undefined) submission.stored(1)
      else if (exception.kind === 'duplicate') submission.duplicate(index)
      else submission.failed(index, this.#native(exception.error, exception.outcome))
    }
  }

  #native(error: unknown, outcome: 'definite' | 'unknown'): PluribusError {
    return fromNative(this.#parts.adapter, error, 'publish', outcome)
  }

  /** Sends again, ahead of everything else, what the broker would recognise; the rest fails as unknown. */
  #doubt(batch: Batch, error: PluribusError): void {
    if (error.outcome === 'definite') return this.#failBatch(batch, error)
    const again: Submission[] = []
    for (let place = 0; place < batch.messages.length; place++) {
      const message = batch.messages[place] as OutgoingMessage
      const { submission, index } = batch.locate(place)
      if (this.#recognised(message) && this.#parts.turn.now < submission.deadline) {
        again.push(this.#resend(submission, index, message))
      } else submission.failed(index, inDoubt(error, message))
    }
    this.#pending.unshift(...again)
  }

  #resend(submission: Submission, index: number, message: OutgoingMessage): Submission {
    const passOn = (copy: Submission) => {
      const failure = copy.failures[0]
      if (failure !== undefined) submission.failed(index, inDoubt(failure.error, message))
      // A duplicate now means that the first attempt was stored: to the caller, an ordinary success.
      else submission.stored(1)
    }
    return new Submission([message], 0, submission.deadline, passOn)
  }

  #recognised(message: OutgoingMessage): boolean {
    const offered = this.#parts.link.current?.connection.capabilities ?? this.#parts.adapter.capabilities
    const { deduplication } = offered
    return deduplication !== 'none' && (message.idSupplied || deduplication.ids === 'all')
  }

  #failBatch(batch: Batch, error: PluribusError): void {
    for (let place = 0; place < batch.messages.length; place++) {
      const { submission, index } = batch.locate(place)
      submission.failed(index, error)
    }
  }

  /** Whether the topics of what goes next exist on this generation. */
  #declared(generation: Generation): boolean {
    const first = (this.#pending[0] as Submission).messages[0] as OutgoingMessage
    if (this.#pending.length === 1) return this.#parts.declarations.has(first.topic, generation)
    return this.#undeclared(generation).length === 0
  }

  #undeclared(generation: Generation): string[] {
    let last = ''
    const missing = new Set<string>()
    for (const { messages } of this.#pending) {
      const { topic } = messages[0] as OutgoingMessage
      if (topic === last) continue
      last = topic
      if (!this.#parts.declarations.has(topic, generation)) missing.add(topic)
    }
    return [...missing]
  }

  #declare(generation: Generation): void {
    const names = this.#undeclared(generation)
    const specs = names.flatMap(name => this.#parts.topics.specOf(name) ?? [])
    this.#declaring = true
    this.#parts.declarations.declare(generation, specs, []).then(
      () => {
        this.#declaring = false
        this.#backoff.reset()
        this.#flush()
      },
      error => {
        this.#declaring = false
        this.#undeclarable(
          names,
          fromNative(this.#parts.adapter, error, `cannot declare ${names.join(', ')}`, 'definite'),
        )
      },
    )
  }

  #undeclarable(names: readonly string[], error: PluribusError): void {
    if (!error.retryable) {
      this.#failPending(submission => names.includes(submission.messages[0]?.topic ?? ''), error)
      return this.#schedule()
    }
    this.#watchDeadline()
    this.#parts.environment.timers.setTimeout(() => this.#schedule(), this.#backoff.next())
  }

  #watchDeadline(): void {
    if (this.#deadline !== undefined || this.#pending.length === 0) return
    const { timers, clock } = this.#parts.environment
    const first = Math.min(...this.#pending.map(submission => submission.deadline))
    this.#deadline = timers.setTimeout(this.#expire, Math.max(1, first - clock.monotonic()))
  }

  readonly #expire = (): void => {
    this.#deadline = undefined
    const now = this.#parts.environment.clock.monotonic()
    const error = new PluribusError(
      'UNAVAILABLE',
      `${this.#parts.adapter.name}: not sent within ${this.#parts.publishTimeout} ms, because there is no connection. Nothing was stored; publish again later.`,
      { outcome: 'definite' },
    )
    this.#failPending(submission => submission.deadline <= now, error)
    this.#watchDeadline()
  }

  #failPending(which: (submission: Submission) => boolean, error: PluribusError): void {
    const failing = new Set(this.#pending.filter(which))
    if (failing.size === 0) return
    this.#pending = this.#pending.filter(submission => !failing.has(submission))
    for (const submission of failing) {
      for (let index = submission.sent; index < submission.messages.length; index++) submission.failed(index, error)
    }
  }

  #unanswered(): PluribusError {
    const message = 'The broker was closed before the publish was answered: it may be stored.'
    return new PluribusError('CLOSED', message, { outcome: 'unknown' })
  }

  #overloaded(weight: number): PluribusError {
    const { maxPending } = this.#parts
    const message = `${this.#weight} bytes are in flight and ${weight} more exceed maxPending (${maxPending}). Nothing was stored; await earlier publishes first.`
    return new PluribusError('OVERLOADED', message, {
      outcome: 'definite',
      details: { inFlight: this.#weight, maxPending },
    })
  }
}

function inDoubt(error: PluribusError, message: OutgoingMessage): PluribusError {
  if (error.outcome === 'unknown') return error
  const text = `${error.message}. The message may be stored: publishing it again with id ${message.id} loses nothing.`
  const { code, retryable, details } = error
  return new PluribusError(code, text, { cause: error, retryable, details, outcome: 'unknown' })
}
