import type { TimerHandle } from '../../driver/environment.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import { Backoff } from '../connection/backoff.js'
import { closedError, type Generation, type LinkFollower } from '../connection/link.js'
import { CLOSE_LIMIT, CLOSE_STEP, type Deadline } from '../deadline.js'
import { fromNative } from '../native-error.js'
import { within } from '../within.js'
import type { ConsumerParts, ConsumerTask } from './consumer-parts.js'
import type { ConsumerReporter } from './consumer-reporter.js'
import { windowOf } from './demand.js'
import { type SessionOwner, SourceSession } from './source-session.js'

/** What a follower tells the consumer beside what its sessions do. */
export interface FollowerOwner extends SessionOwner {
  /** There is a session again. */
  opened(): void
  /** This session is over; whatever it held is an orphan. */
  orphan(session: SourceSession): void
}

/** Keeps a source open: on every new connection, and again when the source alone has ended. */
export class SourceFollower implements LinkFollower {
  readonly #parts: ConsumerParts
  readonly #task: ConsumerTask
  readonly #owner: FollowerOwner
  readonly #reporter: ConsumerReporter
  readonly #backoff: Backoff
  #session: SourceSession | undefined
  #generation: Generation | undefined
  #openings = 0
  #retry: TimerHandle | undefined
  #isFinished = false
  #unfollow: () => void = () => {}
  /** Until the first source is open, or cannot be. */
  #first: { readonly opened: () => void; readonly refused: (error: unknown) => void } | undefined
  #lastError: unknown

  constructor(parts: ConsumerParts, task: ConsumerTask, owner: FollowerOwner, reporter: ConsumerReporter) {
    this.#parts = parts
    this.#task = task
    this.#owner = owner
    this.#reporter = reporter
    this.#backoff = new Backoff(parts.environment.random)
  }

  get session(): SourceSession | undefined {
    return this.#session
  }

  /**
   * Opens the first source, over several connections if need be; later ones open by themselves. Rejects at once where trying
   * again cannot help, otherwise with the last reason when `connectTimeout` has passed.
   */
  open(): Promise<void> {
    const { environment, connectTimeout, link } = this.#parts
    const first = new Promise<void>((opened, refused) => {
      this.#first = { opened, refused }
    })
    this.#unfollow = link.follow(this)
    return within(environment.timers, first, connectTimeout, () => {
      throw this.#lastError ?? this.#tooLate()
    })
  }

  up(generation: Generation): void {
    this.#generation = generation
    this.#keepOpening(generation)
  }

  down(error: PluribusError): void {
    this.#generation = undefined
    this.#lastError = error
    this.#openings++
    this.#forgetRetry()
    this.#drop(error)
  }

  /** The source alone has ended: another one is opened on the same connection. */
  over(session: SourceSession, cause: unknown): void {
    if (session !== this.#session) return
    this.#drop(fromNative(this.#parts.adapter, cause, 'the source has ended'))
    if (this.#generation !== undefined) this.#openLater(this.#generation)
  }

  /**
   * Nobody waits for the first source any more. What is held can still be settled; and where the connection breaks now, the
   * next source takes over what goes on here, until `finish`.
   */
  stop(): void {
    this.#first?.refused(closedError())
  }

  /** Settles what is left and closes the source, which gives back the rest. Waits up to the deadline for answers. */
  async finish(deadline: Deadline): Promise<void> {
    const { timers } = this.#parts.environment
    this.#isFinished = true
    this.#reporter.closed()
    this.#forgetRetry()
    const session = this.#session
    if (session !== undefined && !session.settlements.isIdle) {
      const patience = deadline.earlier(CLOSE_STEP).left(CLOSE_LIMIT)
      await within(timers, session.settlements.becomesIdle(), patience, () => undefined)
    }
    this.#unfollow()
    // The connection may have been lost while we waited; then there is nothing to close.
    if (session === undefined || session !== this.#session) return
    this.#session = undefined
    for (const ended of session.abandon()) this.#reporter.unconfirmed(ended)
    try {
      await within(timers, session.source.close(), deadline.left(CLOSE_LIMIT), () => undefined)
    } catch (error) {
      this.#parts.environment.logger.debug({ error }, 'Closing a source has failed; its leases will end.')
    }
  }

  #drop(error: PluribusError): void {
    const session = this.#session
    if (session === undefined) return
    this.#session = undefined
    this.#owner.orphan(session)
    this.#reporter.down(error)
  }

  #keepOpening(generation: Generation): void {
    this.#openOn(generation).catch((error: unknown) => {
      if (this.#generation !== generation || this.#isFinished) return
      this.#lastError = error
      if (!(error instanceof PluribusError && error.retryable)) this.#first?.refused(error)
      this.#parts.environment.logger.warn({ error }, 'Opening a source has failed; it is tried again.')
      this.#openLater(generation)
    })
  }

  #openLater(generation: Generation): void {
    if (this.#isFinished) return
    this.#retry = this.#parts.environment.timers.setTimeout(() => {
      if (this.#generation === generation && this.#session === undefined) this.#keepOpening(generation)
    }, this.#backoff.next())
  }

  #forgetRetry(): void {
    if (this.#retry !== undefined) this.#parts.environment.timers.clearTimeout(this.#retry)
    this.#retry = undefined
  }

  async #openOn(generation: Generation): Promise<void> {
    const { adapter, environment, declarations, lease } = this.#parts
    const { id, subscription } = this.#task
    const { spec, topic } = subscription
    const opening = ++this.#openings
    const { connection, watchdog } = generation
    const window = windowOf(this.#task)
    let session: SourceSession | undefined
    let endedEarly: { cause: unknown } | undefined
    const events = SourceSession.events(
      () => session,
      cause => {
        endedEarly ??= { cause }
      },
    )
    try {
      await declarations.declare(generation, [topic.spec], [spec])
      const source = await watchdog.watch(
        'open',
        connection.subscriber.open(spec, { window, lease, consumer: { id, generation: opening } }, events),
      )
      session = new SourceSession(source, lease, environment, watchdog, this.#owner)
    } catch (error) {
      throw fromNative(adapter, error, `cannot consume ${spec.topic}/${spec.name}`)
    }
    // The connection broke while the source was being opened. Its successor takes over what came to this one; closing it
    // would give that to others.
    if (opening !== this.#openings) return
    if (this.#isFinished) return this.#discard(session)
    this.#session = session
    this.#backoff.reset()
    this.#first?.opened()
    this.#first = undefined
    this.#reporter.up(generation.number)
    if (endedEarly !== undefined) this.over(session, endedEarly.cause)
    else this.#owner.opened()
  }

  #tooLate(): PluribusError {
    const { spec } = this.#task.subscription
    const message = `${spec.topic}/${spec.name} could not be opened within ${this.#parts.connectTimeout} ms.`
    return new PluribusError('UNAVAILABLE', message)
  }

  #discard(session: SourceSession): void {
    session.abandon()
    session.source.close().catch((error: unknown) => {
      this.#parts.environment.logger.debug({ error }, 'Closing a source that came too late has failed.')
    })
  }
}
