import { startNotFound } from '../../driver/contract-errors.js'
import type { StoredMessage } from '../../driver/message.js'
import type {
  DeadLetterQuery,
  Persistence,
  RedriveResult,
  StoredDeadLetter,
  SubscriptionCounts,
} from '../../driver/persistence.js'
import type { Start, SubscriptionName, SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import { decode } from './codec.js'
import { DeadLetters } from './dead-letters.js'
import { readAll } from './read-all.js'
import type { Registry } from './registry.js'

/** A message, and when it was appended. */
interface Read {
  readonly message: StoredMessage
  readonly time: number
}

/** Reads and changes what outlives a delivery. */
export class LogPersistence implements Persistence {
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #registry: Registry
  readonly #deadLetters: DeadLetters

  constructor(server: SimLogServer, link: SimLink, registry: Registry) {
    this.#server = server
    this.#link = link
    this.#registry = registry
    this.#deadLetters = new DeadLetters(server, link)
  }

  async topics(): Promise<readonly TopicSpec[]> {
    return (await this.#registry.refresh()).topics
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    if (topic !== undefined) await this.#registry.topic(topic)
    return (await this.#registry.refresh()).subscriptions(topic)
  }

  /** In the order of appending; equal times in the order of partitions. */
  async *history(topic: string, range: { readonly from: Start }): AsyncGenerator<StoredMessage, void, undefined> {
    const { partitions } = await this.#registry.topic(topic)
    const { from } = range
    const id = typeof from === 'object' && 'id' in from ? from.id : undefined
    const starts = await this.#registry.positionsOf(topic, id === undefined ? from : 'earliest')
    const readers = Array.from({ length: partitions }, (_, index) => this.#read(topic, index, starts[index] ?? 0))
    let isFound = id === undefined
    for await (const { message } of merged(readers)) {
      isFound ||= message.id === id
      if (isFound) yield message
    }
    if (!isFound && id !== undefined) throw startNotFound(topic, id)
  }

  async *deadLetters(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    await this.#registry.subscription(query.subscription)
    yield* await this.#deadLetters.list(query)
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    await this.#registry.subscription(query.subscription)
    return this.#deadLetters.redrive(query)
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    await this.#registry.subscription(query.subscription)
    return this.#deadLetters.discard(query)
  }

  async *#read(topic: string, index: number, from: number): AsyncGenerator<Read, void, undefined> {
    for await (const record of readAll(this.#server, this.#link, topic, index, from))
      yield { message: decode(record, topic, index), time: record.time }
  }

  /** A floor says how far a subscription has got, not how many messages lie beyond it: positions have gaps. */
  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    await this.#registry.subscription(subscription)
    const dead = (await this.#deadLetters.list({ subscription })).length
    return { waiting: undefined, leased: undefined, retrying: undefined, scheduled: undefined, dead }
  }
}

/** Several partitions as one, by time. */
async function* merged(readers: readonly AsyncGenerator<Read, void, undefined>[]) {
  const heads = await Promise.all(readers.map(reader => reader.next()))
  for (;;) {
    let first = -1
    for (const [index, { done, value }] of heads.entries()) {
      if (done !== true && value.time < (heads[first]?.value?.time ?? Number.POSITIVE_INFINITY)) first = index
    }
    const head = heads[first]?.value
    const reader = readers[first]
    if (head === undefined || reader === undefined) return
    yield head
    heads[first] = await reader.next()
  }
}
