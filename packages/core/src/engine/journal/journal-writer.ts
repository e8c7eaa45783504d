import type { Adapter } from '../../driver/adapter.js'
import { Alarm } from '../../driver/alarm.js'
import type { Environment } from '../../driver/environment.js'
import type { OutgoingMessage } from '../../driver/message.js'
import type { TopicSpec } from '../../driver/spec.js'
import type { PluribusError } from '../../errors/pluribus-error.js'
import { Backoff } from '../connection/backoff.js'
import type { Generation, Link, LinkFollower } from '../connection/link.js'
import { fromNative } from '../native-error.js'
import { within } from '../within.js'
import type { JournalSource } from './journal-source.js'

/** Nobody waits for the journal: its pauses between attempts are long, from the first to the longest, in milliseconds. */
const FIRST = 1_000
const LONGEST = 60_000

/** What a writer works with. */
export interface JournalWriterParts {
  readonly adapter: Adapter
  readonly environment: Environment
  readonly link: Link
  readonly topics: readonly TopicSpec[]
}

/**
 * Writes what its sources have, one message at a time, beside everything else that is published: a journal that hangs holds up
 * nothing, and a call of its own that is never answered breaks no connection. What cannot be stored now is tried again, after
 * ever longer pauses.
 */
export class JournalWriter implements LinkFollower {
  readonly #parts: JournalWriterParts
  readonly #sources: readonly JournalSource[]
  readonly #backoff: Backoff
  /** While it is set, nothing is tried. */
  readonly #rest: Alarm
  readonly #idle = new Set<() => void>()
  readonly #unfollow: () => void
  #generation: Generation | undefined
  #isDeclared = false
  /** A call of this generation has not been answered. */
  #isBusy = false
  #held: { readonly message: OutgoingMessage; readonly source: JournalSource } | undefined
  #isTroubled = false
  #isClosing = false

  /** Of the sources, the first one that has something comes first. */
  constructor(parts: JournalWriterParts, sources: readonly JournalSource[]) {
    const { environment, link } = parts
    this.#parts = parts
    this.#sources = sources
    this.#backoff = new Backoff(environment.random, FIRST, LONGEST)
    this.#rest = new Alarm(environment.timers, () => this.wake())
    this.#unfollow = link.follow(this)
  }

  up(generation: Generation): void {
    this.#generation = generation
    this.wake()
  }

  /** What was under way is in doubt: it is written again under its id, after a pause, because it may be what broke the link. */
  down(): void {
    this.#generation = undefined
    this.#isDeclared = false
    if (this.#isBusy) this.#rest.set(this.#backoff.next())
    this.#isBusy = false
  }

  /** Looks for something to write. */
  wake(): void {
    const generation = this.#generation
    if (generation === undefined || this.#isBusy || this.#rest.isSet) return
    try {
      this.#held ??= this.#next()
    } catch (error) {
      return this.#failed(fromNative(this.#parts.adapter, error, 'the journal cannot be written'))
    }
    if (this.#held === undefined) return this.#announceIdle()
    this.#isBusy = true
    this.#write(generation, this.#held.message).then(
      () => this.#answered(generation, undefined),
      error => this.#answered(generation, fromNative(this.#parts.adapter, error, 'the journal cannot be stored')),
    )
  }

  /** Writes what there is, for up to `ms` milliseconds, and nothing after that. */
  async close(ms: number): Promise<void> {
    const { timers } = this.#parts.environment
    this.#isClosing = true
    this.#rest.clear()
    const idle = new Promise<void>(resolve => this.#idle.add(resolve))
    this.wake()
    await within(timers, idle, ms, () => undefined)
    this.#unfollow()
    this.#generation = undefined
    this.#rest.clear()
  }

  #next(): { readonly message: OutgoingMessage; readonly source: JournalSource } | undefined {
    for (const source of this.#sources) {
      const message = source.next()
      if (message !== undefined) return { message, source }
    }
    return undefined
  }

  async #write({ connection }: Generation, message: OutgoingMessage): Promise<void> {
    if (!this.#isDeclared) await connection.declare(this.#parts.topics, [])
    const [exception] = await connection.publisher.publish([message])
    // A duplicate is one that was in doubt.
    if (exception?.kind === 'failed') throw exception.error
  }

  #answered(generation: Generation, error: PluribusError | undefined): void {
    if (generation !== this.#generation) return
    this.#isBusy = false
    this.#isDeclared = error === undefined
    if (error === undefined) this.#stored()
    else this.#failed(error)
    // One message a turn: whatever waits, deliveries come first.
    this.#parts.environment.timers.setImmediate(() => this.wake())
  }

  #stored(): void {
    this.#held?.source.stored()
    this.#held = undefined
    this.#backoff.reset()
    if (this.#isTroubled) this.#parts.environment.logger.info({}, 'The journal is stored again.')
    this.#isTroubled = false
  }

  #failed(error: PluribusError): void {
    if (error.code === 'TOO_LARGE') {
      this.#held?.source.refused()
      this.#held = undefined
    }
    this.#rest.set(this.#backoff.next())
    if (this.#isTroubled || this.#isClosing) return
    this.#isTroubled = true
    this.#parts.environment.logger.warn(
      { error },
      'The journal cannot be stored now; it is tried again, and deliveries go on.',
    )
  }

  #announceIdle(): void {
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }
}
