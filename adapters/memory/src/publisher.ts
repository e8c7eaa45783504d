import {
  type Clock,
  type Lane,
  type Lifetime,
  NO_EXCEPTIONS,
  type OutgoingMessage,
  type PublishException,
  type Publisher,
} from '@pluribus/core/driver'
import { closed, topicNotFound } from './errors.js'
import type { MemoryStore } from './store.js'
import type { MemoryTopic } from './topic.js'

/** A promise for every happy batch would be the only allocation of publishing. */
const STORED: Promise<readonly PublishException[]> = Promise.resolve(NO_EXCEPTIONS)

/** Stores messages in the topics of the store, in the turn in which it is called. */
export class MemoryPublisher implements Publisher {
  /** A batch is stored when `publish` returns, so there is never a second one in flight. */
  readonly window = 1
  readonly #store: MemoryStore
  readonly #clock: Clock
  readonly #lifetime: Lifetime

  constructor(store: MemoryStore, clock: Clock, lifetime: Lifetime) {
    this.#store = store
    this.#clock = clock
    this.#lifetime = lifetime
  }

  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    if (this.#lifetime.isOver) return Promise.reject(closed('publish'))
    const exceptions = this.#append(batch, 0)
    return exceptions === undefined ? STORED : Promise.resolve(exceptions)
  }

  /** Everything of the batch is stored, or nothing: an undeclared topic rejects before the first message is stored. */
  async publishSequenced(lane: Lane, first: number, batch: readonly OutgoingMessage[]): Promise<number> {
    this.#lifetime.check('publishSequenced')
    const { lanes } = this.#store
    if (!lanes.accepts(lane, first)) return lanes.position(lane.name)
    for (const message of batch) this.#store.topic(message.topic)
    // A duplicate id is stored already: the lane moves past it as past the others.
    this.#append(batch, lanes.position(lane.name) + 1 - first)
    return lanes.advance(lane, first + batch.length - 1)
  }

  async position(lane: Lane): Promise<number> {
    this.#lifetime.check('position')
    return this.#store.lanes.position(lane.name)
  }

  /** Stores the batch from an index on; undefined where there is nothing to report. */
  #append(batch: readonly OutgoingMessage[], from: number): PublishException[] | undefined {
    const now = this.#clock.monotonic()
    const time = this.#clock.now()
    let exceptions: PublishException[] | undefined
    let topic: MemoryTopic | undefined
    for (let index = from; index < batch.length; index++) {
      const message = batch[index] as OutgoingMessage
      if (topic === undefined || topic.spec.name !== message.topic) {
        topic?.announce(now, time)
        topic = this.#store.find(message.topic)
      }
      if (topic === undefined) {
        exceptions ??= []
        exceptions.push({ index, kind: 'failed', outcome: 'definite', error: topicNotFound(message.topic) })
      } else if (!topic.store(message, now, time)) {
        exceptions ??= []
        exceptions.push({ index, kind: 'duplicate' })
      }
    }
    topic?.announce(now, time)
    return exceptions
  }
}
