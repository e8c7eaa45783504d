import { topicNotFound } from './errors.js'
import { Lanes } from './lanes.js'
import type { MemoryTopic } from './topic.js'

/** Housekeeping comes this often at most, and at least, in milliseconds. */
const SOONEST = 1_000
const LATEST = 60_000

/**
 * What a server would hold: topics with their messages and subscriptions, and the lanes of forwarders. Brokers that are
 * given the same store see the same messages and compete for them, as processes do that share a server; they must share
 * a clock too. It lives for as long as somebody holds it.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { memory, memoryStore } from '@pluribus/memory'
 *
 * const store = memoryStore()
 * const web = await createBroker({ adapter: memory({ store }) })
 * const worker = await createBroker({ adapter: memory({ store }) })
 * ```
 */
export class MemoryStore {
  readonly lanes = new Lanes()
  readonly #topics = new Map<string, MemoryTopic>()
  readonly #instances = new Map<string, number>()
  /** The topic looked up last: publishing mostly stays in one. */
  #recent: MemoryTopic | undefined

  /** All topics by name: the escape hatch. What is read here is not part of the adapter's promises. */
  get topics(): ReadonlyMap<string, MemoryTopic> {
    return this.#topics
  }

  find(name: string): MemoryTopic | undefined {
    if (this.#recent?.spec.name === name) return this.#recent
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#recent = topic
    return topic
  }

  /** @throws PluribusError `NOT_FOUND`. */
  topic(name: string): MemoryTopic {
    const topic = this.find(name)
    if (topic === undefined) throw topicNotFound(name)
    return topic
  }

  add(topic: MemoryTopic): void {
    this.#topics.set(topic.spec.name, topic)
  }

  /** A number for a broker object, the same across its connections: the queue tells the losses of others from its own. */
  instance(name: string): number {
    const known = this.#instances.get(name)
    if (known !== undefined) return known
    const number = this.#instances.size
    this.#instances.set(name, number)
    return number
  }

  /**
   * Housekeeping of all topics; answers in how many milliseconds it wants to be called again.
   *
   * @param now By the monotonic clock.
   * @param time In milliseconds since the epoch.
   */
  maintain(now: number, time: number): number {
    let next = LATEST
    for (const topic of this.#topics.values()) {
      topic.maintain(now, time)
      next = Math.min(next, topic.retention.expiry(time) - time)
    }
    return Math.max(SOONEST, next)
  }
}

/**
 * A store of its own, to be shared by several brokers: see {@link MemoryStore}.
 *
 * @example
 * ```ts
 * import { memory, memoryStore } from '@pluribus/memory'
 *
 * const store = memoryStore()
 * const [one, other] = [memory({ store }), memory({ store })]
 * ```
 */
export const memoryStore = (): MemoryStore => new MemoryStore()
