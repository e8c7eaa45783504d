import { NO_EXCEPTIONS, type OutgoingMessage, type PublishException, type Publisher } from '@pluribus/core/driver'
import type { Appended } from './appender.js'
import { type Carried, headersOf } from './codec.js'
import type { Delays } from './delays.js'
import { isNotFound } from './errors.js'
import type { Link } from './link.js'
import { keyTokenOf, NOBODY } from './names.js'
import type { Entry } from './outlet.js'
import type { Registry } from './registry.js'

/**
 * Stores messages in the streams of their topics. Batches are sent in the order of the calls, and the server takes them in that order: where
 * the outcome of one is in doubt, the link is broken, and so is it of those behind it.
 */
export class NatsPublisher implements Publisher {
  readonly window = 4
  readonly #link: Link
  readonly #registry: Registry
  readonly #delays: Delays
  /** The last batch that has to wait for something before it is sent. */
  #waiting: Promise<unknown> | undefined

  constructor(link: Link, registry: Registry, delays: Delays) {
    this.#link = link
    this.#registry = registry
    this.#delays = delays
  }

  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    const { over } = this.#link
    if (over !== undefined) return Promise.resolve(batch.map((_, index) => definite(index, over)))
    if (this.#waiting === undefined && this.#isKnown(batch)) return this.#send(batch)
    const before = this.#waiting
    const prepared = (async () => {
      // What fails before it has been sent fails those behind it: core sends them all again, in their order.
      await before
      return this.#missing(batch)
    })()
    this.#waiting = prepared
    return this.#sendWhen(prepared, batch)
  }

  async #sendWhen(
    prepared: Promise<ReadonlyMap<string, unknown>>,
    batch: readonly OutgoingMessage[],
  ): Promise<readonly PublishException[]> {
    try {
      const missing = await prepared
      return await this.#send(batch, missing)
    } finally {
      if (this.#waiting === prepared) this.#waiting = undefined
    }
  }

  async #send(
    batch: readonly OutgoingMessage[],
    missing: ReadonlyMap<string, unknown> = NONE,
  ): Promise<readonly PublishException[]> {
    const entries: Entry[] = []
    const places: number[] = []
    const exceptions: PublishException[] = []
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index] as OutgoingMessage
      const error = missing.get(message.topic)
      if (error === undefined) {
        entries.push(this.#entryOf(message))
        places.push(index)
      } else exceptions.push(definite(index, error))
    }
    this.#report(await this.#link.appender.append(entries), places, exceptions)
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  /** Nothing has to be asked before these are sent. */
  #isKnown(batch: readonly OutgoingMessage[]): boolean {
    let last = ''
    for (let index = 0; index < batch.length; index++) {
      const { topic, delay } = batch[index] as OutgoingMessage
      if (delay > 0) this.#delays.attend(topic)
      if (topic === last) continue
      if (!this.#registry.known(topic)) return false
      last = topic
    }
    return true
  }

  #report({ unstored }: Appended, places: readonly number[], exceptions: PublishException[]): void {
    for (const { index, error } of unstored) {
      const place = places[index] as number
      if (error === undefined) exceptions.push({ index: place, kind: 'duplicate' })
      else {
        // Nobody has taken it: its stream may be gone.
        if (error.code === 0) this.#registry.forget()
        exceptions.push(definite(place, error))
      }
    }
  }

  /** Topics that are not there, and why. */
  async #missing(batch: readonly OutgoingMessage[]): Promise<ReadonlyMap<string, unknown>> {
    const missing = new Map<string, unknown>()
    for (const topic of new Set(batch.map(message => message.topic))) {
      try {
        await this.#registry.topic(topic)
      } catch (error) {
        if (!isNotFound(error)) throw error
        missing.set(topic, error)
      }
    }
    for (const { topic, delay } of batch) if (delay > 0 && !missing.has(topic)) this.#delays.attend(topic)
    return missing
  }

  #entryOf(message: OutgoingMessage): Entry {
    const { names } = this.#link
    const { topic, priority, key, delay, idSupplied, payload } = message
    const token = keyTokenOf(key)
    const subject = delay > 0 ? names.delayed(topic, priority, token) : names.message(topic, NOBODY, priority, token)
    const carried: Carried =
      !idSupplied && delay === 0
        ? NOTHING
        : {
            ...(idSupplied ? { dedup: `i:${message.id}` } : {}),
            ...(delay > 0 ? { delay: Math.ceil(delay) } : {}),
          }
    return { subject, headers: headersOf(message, carried), payload }
  }
}

const NONE: ReadonlyMap<string, unknown> = new Map()
const NOTHING: Carried = Object.freeze({})

const definite = (index: number, error: unknown): PublishException => ({
  index,
  kind: 'failed',
  outcome: 'definite',
  error,
})
