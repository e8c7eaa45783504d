import type { Adapter, Connection } from '../../driver/adapter.js'
import { Alarm } from '../../driver/alarm.js'
import type { Environment } from '../../driver/environment.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import type { Emitter } from '../emitter.js'
import { fromNative } from '../native-error.js'
import { within } from '../within.js'
import { Backoff } from './backoff.js'
import { Watchdog } from './watchdog.js'

/** How long a call may stay unanswered before its connection is taken for broken, in milliseconds. */
const ANSWER_LIMIT = 10_000

/** The longest pause between attempts at the first connection, in milliseconds. */
const IMPATIENT = 1_000
/** A connection that stood this long, in milliseconds, is taken for a good one. */
const HELD = 5_000

/** One generation of the connection, with what dies with it. */
export interface Generation {
  readonly number: number
  readonly connection: Connection
  readonly watchdog: Watchdog
}

/** Who follows the generations. */
export interface LinkFollower {
  up(generation: Generation): void
  down(error: PluribusError): void
}

/**
 * Keeps one connection alive: generations are replaced, never mended. Everything that a generation gave is dropped with it
 * by the followers, in `down`, before the next one is tried.
 */
export class Link {
  readonly #adapter: Adapter
  readonly #environment: Environment
  readonly #emitter: Emitter
  readonly #connectTimeout: number
  readonly #backoff: Backoff
  readonly #followers = new Set<LinkFollower>()
  readonly #asked = new Set<(error: PluribusError) => void>()
  readonly #waiting = new Set<(generation: Generation | undefined) => void>()
  #current: Generation | undefined
  #attempts = 0
  #generations = 0
  /** Until an attempt to connect is given up, and until the next one. */
  readonly #patience: Alarm
  readonly #retry: Alarm
  #upSince = 0
  #lastError: PluribusError | undefined
  #closed = false

  constructor(adapter: Adapter, environment: Environment, emitter: Emitter, connectTimeout: number) {
    this.#adapter = adapter
    this.#environment = environment
    this.#emitter = emitter
    this.#connectTimeout = connectTimeout
    this.#backoff = new Backoff(environment.random)
    this.#patience = new Alarm(environment.timers, () => this.#late())
    this.#retry = new Alarm(environment.timers, () => this.#connect())
  }

  get current(): Generation | undefined {
    return this.#current
  }

  /** Why there is no connection, or was none before. */
  get lastError(): PluribusError | undefined {
    return this.#lastError
  }

  /** Followers are told of every generation; at once of the present one. */
  follow(follower: LinkFollower): () => void {
    this.#followers.add(follower)
    if (this.#current !== undefined) follower.up(this.#current)
    return () => void this.#followers.delete(follower)
  }

  /** The first connection. Rejects when `connectTimeout` has passed, or at once where trying again cannot help. */
  async start(): Promise<Generation> {
    const first = this.ready(this.#connectTimeout)
    this.#connect()
    return first
  }

  /** Waits for a connection. Rejects with `UNAVAILABLE` and the last reason when `ms` milliseconds have passed. */
  async ready(ms: number): Promise<Generation> {
    if (this.#current !== undefined) return this.#current
    if (this.#closed) throw closedError()
    let waiter: ((generation: Generation | undefined) => void) | undefined
    const arrived = new Promise<Generation | undefined>(resolve => {
      waiter = resolve
      this.#waiting.add(resolve)
    })
    const generation = await within(this.#environment.timers, arrived, ms, () => undefined)
    if (waiter !== undefined) this.#waiting.delete(waiter)
    if (generation !== undefined) return generation
    throw this.#closed ? closedError() : this.#unavailable(ms)
  }

  /** What is asked of a generation ends with it: an answer that was under way may never come. */
  async whileUp<T>(generation: Generation, what: string, ask: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#current !== generation) throw this.#closed ? closedError() : this.#lastError
    let gone: (error: PluribusError) => void = () => {}
    const ended = new Promise<never>((_, reject) => {
      gone = reject
    })
    this.#asked.add(gone)
    try {
      return await Promise.race([generation.watchdog.watch(what, ask(generation.connection)), ended])
    } finally {
      this.#asked.delete(gone)
    }
  }

  /** Gives up a generation that core itself found broken. */
  break(generation: Generation, cause: unknown): void {
    if (this.#current === generation) this.#lost(generation, cause)
  }

  async close(ms: number): Promise<void> {
    this.#closed = true
    this.#patience.clear()
    this.#retry.clear()
    const last = this.#current
    this.#current = undefined
    this.#wake(undefined)
    for (const gone of this.#asked) gone(closedError())
    last?.watchdog.stop()
    if (last !== undefined) await within(this.#environment.timers, this.#dispose(last.connection), ms, () => undefined)
  }

  #connect(): void {
    const attempt = ++this.#attempts
    let generation: Generation | undefined
    let lostEarly: { cause: unknown } | undefined
    const lost = (cause: unknown) => {
      if (generation !== undefined) this.#lost(generation, cause)
      else lostEarly ??= { cause }
    }
    const arrived = (connection: Connection) => {
      // An attempt that was given up, or a broker that was closed meanwhile, must not leave a connection behind.
      if (attempt !== this.#attempts || this.#closed) return void this.#dispose(connection)
      generation = this.#establish(connection)
      if (lostEarly !== undefined) this.#lost(generation, lostEarly.cause)
    }
    const refused = (error: unknown) => {
      if (attempt === this.#attempts) this.#failed(error)
    }
    this.#patience.set(this.#connectTimeout)
    Promise.resolve()
      .then(() => this.#adapter.connect(this.#environment, { lost }))
      .then(arrived, refused)
  }

  #late(): void {
    this.#attempts++
    const message = `${this.#adapter.name}: no answer to connecting within ${this.#connectTimeout} ms`
    this.#failed(new PluribusError('TIMEOUT', message))
  }

  #establish(connection: Connection): Generation {
    const number = ++this.#generations
    const watchdog = new Watchdog(this.#environment, ANSWER_LIMIT, error => this.#lost(generation, error))
    const generation: Generation = { number, connection, watchdog }
    this.#current = generation
    this.#upSince = this.#environment.clock.monotonic()
    this.#patience.clear()
    this.#emitter.emit('connection.up', { generation: number, endpoint: connection.server.endpoint })
    for (const follower of [...this.#followers]) follower.up(generation)
    this.#wake(generation)
    return generation
  }

  #failed(cause: unknown): void {
    this.#patience.clear()
    if (this.#closed) return
    const error = fromNative(this.#adapter, cause, 'cannot connect')
    this.#lastError = error
    // Wrong credentials at the start are the user's to mend; later they may be rotated under us, so we go on.
    if (this.#generations === 0 && !error.retryable) return this.#wake(undefined)
    // Somebody waits for the first one, and not for long.
    const delay = this.#generations === 0 ? Math.min(IMPATIENT, this.#backoff.next()) : this.#backoff.next()
    this.#emitter.emit('connection.failed', { error, delay })
    this.#retry.set(delay)
  }

  #lost(generation: Generation, cause: unknown): void {
    if (this.#current !== generation) return
    this.#current = undefined
    generation.watchdog.stop()
    const error = fromNative(this.#adapter, cause, 'the connection was lost')
    this.#lastError = error
    this.#emitter.emit('connection.down', { generation: generation.number, error })
    for (const follower of [...this.#followers]) follower.down(error)
    for (const gone of this.#asked) gone(error)
    void this.#dispose(generation.connection)
    // A connection that breaks as soon as it stands is no better than none: only one that held starts afresh.
    if (this.#environment.clock.monotonic() - this.#upSince >= HELD) this.#backoff.reset()
    this.#retry.set(this.#backoff.next())
  }

  async #dispose(connection: Connection): Promise<void> {
    try {
      await connection.close()
    } catch (error) {
      this.#environment.logger.debug({ adapter: this.#adapter.name, error }, 'Closing a connection has failed.')
    }
  }

  #wake(generation: Generation | undefined): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve(generation)
  }

  #unavailable(ms: number): PluribusError {
    const last = this.#lastError
    if (last !== undefined && !last.retryable) return last
    const why = last === undefined ? 'no attempt has ended yet' : last.message
    const message = `${this.#adapter.name}: no connection within ${ms} ms (${why}). Check that the broker runs and its address.`
    return new PluribusError('UNAVAILABLE', message, { cause: last, outcome: 'definite' })
  }
}

/** The error of every call after close. */
export const closedError = (): PluribusError =>
  new PluribusError('CLOSED', 'The broker has been closed. Create another one.', { outcome: 'definite' })
