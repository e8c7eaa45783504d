import type { Adapter, Connection } from '../driver/adapter.js'
import type { Environment, TimerHandle } from '../driver/environment.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { Backoff } from './backoff.js'
import type { Emitter } from './emitter.js'
import { fromNative } from './native-error.js'
import { Watchdog } from './watchdog.js'
import { within } from './within.js'

/** How long a call may stay unanswered before its connection is taken for broken, in milliseconds. */
const ANSWER_LIMIT = 10_000

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
  readonly #waiting = new Set<(generation: Generation | undefined) => void>()
  #current: Generation | undefined
  #attempts = 0
  #generations = 0
  #retry: TimerHandle | undefined
  #lastError: PluribusError | undefined
  #closed = false

  constructor(adapter: Adapter, environment: Environment, emitter: Emitter, connectTimeout: number) {
    this.#adapter = adapter
    this.#environment = environment
    this.#emitter = emitter
    this.#connectTimeout = connectTimeout
    this.#backoff = new Backoff(environment.random)
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

  /** Gives up a generation that core itself found broken. */
  break(generation: Generation, cause: unknown): void {
    if (this.#current === generation) this.#lost(generation, cause)
  }

  async close(ms: number): Promise<void> {
    this.#closed = true
    if (this.#retry !== undefined) this.#environment.timers.clearTimeout(this.#retry)
    const last = this.#current
    this.#current = undefined
    this.#wake(undefined)
    last?.watchdog.stop()
    if (last !== undefined) await within(this.#environment.timers, this.#dispose(last.connection), ms, () => undefined)
  }

  #connect(): void {
    this.#retry = undefined
    const attempt = ++this.#attempts
    let generation: Generation | undefined
    let lostEarly: { cause: unknown } | undefined
    const lost = (cause: unknown) => {
      if (generation !== undefined) this.#lost(generation, cause)
      else lostEarly ??= { cause }
    }
    const connecting = Promise.resolve().then(() => this.#adapter.connect(this.#environment, { lost }))
    connecting.then(
      connection => {
        // An attempt that was given up, or a broker that was closed meanwhile, must not leave a connection behind.
        if (attempt !== this.#attempts || this.#closed) return void this.#dispose(connection)
        generation = this.#establish(connection)
        if (lostEarly !== undefined) this.#lost(generation, lostEarly.cause)
      },
      () => {},
    )
    const late = () => {
      if (attempt === this.#attempts) this.#attempts++
      throw new PluribusError('TIMEOUT', `no connection within ${this.#connectTimeout} ms`)
    }
    within(this.#environment.timers, connecting, this.#connectTimeout, late).catch(error => this.#failed(error))
  }

  #establish(connection: Connection): Generation {
    const number = ++this.#generations
    const watchdog = new Watchdog(this.#environment, ANSWER_LIMIT, error => this.#lost(generation, error))
    const generation: Generation = { number, connection, watchdog }
    this.#current = generation
    this.#backoff.reset()
    this.#emitter.emit('connection.up', { generation: number, endpoint: connection.server.endpoint })
    for (const follower of [...this.#followers]) follower.up(generation)
    this.#wake(generation)
    return generation
  }

  #failed(cause: unknown): void {
    if (this.#closed) return
    const error = fromNative(this.#adapter, cause, 'cannot connect')
    this.#lastError = error
    // Wrong credentials at the start are the user's to mend; later they may be rotated under us, so we go on.
    if (this.#generations === 0 && !error.retryable) return this.#wake(undefined)
    const delay = this.#backoff.next()
    this.#emitter.emit('connection.failed', { error, delay })
    this.#retry = this.#environment.timers.setTimeout(() => this.#connect(), delay)
  }

  #lost(generation: Generation, cause: unknown): void {
    if (this.#current !== generation) return
    this.#current = undefined
    generation.watchdog.stop()
    const error = fromNative(this.#adapter, cause, 'the connection was lost')
    this.#lastError = error
    this.#emitter.emit('connection.down', { generation: generation.number, error })
    for (const follower of [...this.#followers]) follower.down(error)
    void this.#dispose(generation.connection)
    this.#retry = this.#environment.timers.setTimeout(() => this.#connect(), this.#backoff.next())
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
