import {
  type Lane,
  type Lifetime,
  NO_EXCEPTIONS,
  type OutgoingMessage,
  type PublishException,
  type Publisher,
} from '@pluribus/core/driver'
import { encode } from './codec.js'
import { isReply, topicNotFound } from './errors.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import type { Retention } from './retention.js'
import { PUBLISH, PUBLISH_SEQUENCED } from './scripts/publish.js'

/** The longest buffer that is kept for the next batch, in bytes. */
const KEPT = 8 * 1_024 * 1_024

/** The messages of one topic, and where they stand in their batch. */
interface Part {
  readonly topic: string
  readonly messages: readonly OutgoingMessage[]
  /** Absent: they are the batch. */
  readonly indexes?: readonly number[]
}

/** What a publisher is made of. */
export interface PublisherInit {
  readonly link: Link
  readonly keys: Keys
  readonly lifetime: Lifetime
  readonly retention: Retention
  /** How long ids are remembered, in milliseconds. */
  readonly window: number
}

/** Stores messages: one script for each topic of a batch. */
export class RedisPublisher implements Publisher {
  /** A script that is refused does not stop those behind it. */
  readonly window = 1
  readonly #link: Link
  readonly #keys: Keys
  readonly #lifetime: Lifetime
  readonly #retention: Retention
  readonly #deduplicationWindow: number
  #scratch: Buffer | undefined

  constructor({ link, keys, lifetime, retention, window }: PublisherInit) {
    this.#link = link
    this.#keys = keys
    this.#lifetime = lifetime
    this.#retention = retention
    this.#deduplicationWindow = window
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    this.#lifetime.check('publish')
    const parts = byTopic(batch)
    if (parts.length === 1) return this.#store(parts[0] as Part)
    const stored = await Promise.all(
      parts.map(part => this.#store(part).catch((error: unknown) => failed(part, 'unknown', error))),
    )
    const exceptions = stored.flat()
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  /** One script for all topics: everything of the batch is stored, with the position, or nothing. */
  async publishSequenced(lane: Lane, first: number, batch: readonly OutgoingMessage[]): Promise<number> {
    this.#lifetime.check('publishSequenced')
    const last = first + batch.length - 1
    let next = first
    for (;;) {
      const position = await this.#storeFrom(lane, next, batch.slice(next - first))
      // There is a gap before it, an old epoch is told so, or everything is there.
      if (position < next || position >= last) return position
      next = position + 1
    }
  }

  async position(lane: Lane): Promise<number> {
    this.#lifetime.check('position')
    const stored = await this.#link.call('hget', [this.#keys.lanes, lane.name])
    return stored === null ? 0 : Number(String(stored).split(' ')[1])
  }

  /** Answers the lane's position after it. Stores nothing unless `first` follows the position before it. */
  async #storeFrom(lane: Lane, first: number, batch: readonly OutgoingMessage[]): Promise<number> {
    const parts = byTopic(batch)
    const keys = [this.#keys.lanes, ...parts.flatMap(({ topic }) => this.#keys.topic(topic).all)]
    const stored = parts.map(({ messages }) => encode(messages))
    const last = first + batch.length - 1
    const args = [
      ...[this.#deduplicationWindow, lane.name, lane.epoch, first, last],
      ...stored.flatMap(({ entries, delays, totals }) => [entries.count, delays, totals]),
    ]
    const bytes = Buffer.concat(stored.map(({ entries }) => entries.bytes as Buffer))
    const written = { count: batch.length, bytes }
    const [status, answer] = await this.#link.run(PUBLISH_SEQUENCED, keys, args, written)
    if (String(status) === 'NOT_FOUND') throw topicNotFound((parts[answer as number] as Part).topic)
    return answer as number
  }

  async #store(part: Part): Promise<readonly PublishException[]> {
    const { topic, messages, indexes } = part
    const { entries, delays, totals, scratch } = encode(messages, this.#borrow())
    try {
      const args = [this.#deduplicationWindow, delays, totals]
      const [status, overdue, ...known] = await this.#link.run(PUBLISH, this.#keys.topic(topic).all, args, entries)
      if (String(status) === 'AGAIN') return this.#store(part)
      if (String(status) === 'NOT_FOUND') return failed(part, 'definite', topicNotFound(topic))
      if (overdue === 1) this.#retention.overdue(topic)
      if (known.length === 0) return NO_EXCEPTIONS
      return known.map(index => ({ index: indexes?.[index as number] ?? (index as number), kind: 'duplicate' }))
    } catch (error) {
      // The server has said no, before it has done anything. Whatever else happened, it may have stored it.
      if (isReply(error)) return failed(part, 'definite', error)
      throw error
    } finally {
      if (scratch.length <= KEPT) this.#scratch = scratch
    }
  }

  /** What the last batch was written into, if that is answered: allocating is what a batch costs most. */
  #borrow(): Buffer | undefined {
    const scratch = this.#scratch
    this.#scratch = undefined
    return scratch
  }
}

function failed({ messages, indexes }: Part, outcome: 'definite' | 'unknown', error: unknown): PublishException[] {
  return messages.map((_, index) => ({ index: indexes?.[index] ?? index, kind: 'failed', outcome, error }))
}

/** Mostly a batch is of one topic, and is its only part as it is. */
function byTopic(batch: readonly OutgoingMessage[]): readonly Part[] {
  const first = (batch[0] as OutgoingMessage).topic
  if (batch.every(({ topic }) => topic === first)) return [{ topic: first, messages: batch }]
  const parts = new Map<string, { topic: string; messages: OutgoingMessage[]; indexes: number[] }>()
  for (const [index, message] of batch.entries()) {
    const part = parts.get(message.topic) ?? { topic: message.topic, messages: [], indexes: [] }
    parts.set(message.topic, part)
    part.messages.push(message)
    part.indexes.push(index)
  }
  return [...parts.values()]
}
