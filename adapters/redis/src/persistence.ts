import type {
  DeadLetterQuery,
  ErrorRecord,
  Lifetime,
  Persistence,
  RedriveResult,
  Start,
  StoredDeadLetter,
  StoredMessage,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { readMessage } from './codec.js'
import { subscriptionNotFound, topicNotFound } from './errors.js'
import { History } from './history.js'
import type { Keys, SubscriptionKeys } from './keys.js'
import type { Link } from './link.js'
import type { Retention } from './retention.js'
import { COUNTS } from './scripts/counts.js'
import { DISCARD, READ_DEAD, REDRIVE } from './scripts/dead.js'
import type { Script } from './scripts/script.js'
import { readSubscriptions, readTopics } from './specs.js'

/** Dead letters that one script changes, or that are read at once. */
const PORTION = 500
/** The most bytes of entries of one answer. */
const WEIGHTIEST = 8 * 1_024 * 1_024

/** What a query for dead letters has found, oldest first. */
interface Selection {
  readonly keys: SubscriptionKeys
  readonly positions: readonly string[]
  readonly missing: readonly string[]
}

/** Reads and changes what outlives a delivery. */
export class RedisPersistence implements Persistence {
  readonly #link: Link
  readonly #keys: Keys
  readonly #lifetime: Lifetime
  readonly #history: History
  readonly #retention: Retention

  constructor(link: Link, keys: Keys, lifetime: Lifetime, retention: Retention) {
    this.#link = link
    this.#keys = keys
    this.#lifetime = lifetime
    this.#history = new History(link, keys)
    this.#retention = retention
  }

  async topics(): Promise<readonly TopicSpec[]> {
    this.#lifetime.check('topics')
    return readTopics(this.#link, this.#keys)
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    this.#lifetime.check('subscriptions')
    if (topic !== undefined) {
      const found = await readSubscriptions(this.#link, this.#keys, topic)
      if (found === undefined) throw topicNotFound(topic)
      return found
    }
    const topics = await readTopics(this.#link, this.#keys)
    const found = await Promise.all(topics.map(({ name }) => readSubscriptions(this.#link, this.#keys, name)))
    return found.flatMap(specs => specs ?? [])
  }

  async *history(topic: string, range: { readonly from: Start }): AsyncGenerator<StoredMessage, void, undefined> {
    this.#lifetime.check('history')
    let after = await this.#history.before(topic, range.from)
    for (;;) {
      const page = await this.#history.page(topic, after)
      for (const message of page.messages) {
        yield message
        this.#lifetime.check('history')
      }
      if (page.last === after) return
      after = page.last
    }
  }

  async find(topic: string, id: string): Promise<StoredMessage | undefined> {
    this.#lifetime.check('find')
    return this.#history.find(topic, id)
  }

  async trim(topic: string, before: number): Promise<number> {
    this.#lifetime.check('trim')
    return this.#retention.trim(topic, before)
  }

  async *deadLetters(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    this.#lifetime.check('deadLetters')
    const { keys, positions } = await this.#select(query)
    for (let at = 0; at < positions.length; ) {
      const portion = positions.slice(at, at + PORTION)
      const rows = (await this.#link.run(READ_DEAD, keys.all, [WEIGHTIEST, ...portion])) as readonly Row[]
      for (const row of rows) {
        yield deadLetter(query.subscription, row)
        this.#lifetime.check('deadLetters')
      }
      const last = rows.at(-1)
      at += last === undefined ? portion.length : portion.indexOf(String(last[0])) + 1
    }
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    this.#lifetime.check('redrive')
    const { keys, positions, missing } = await this.#select(query)
    return { redriven: await this.#change(REDRIVE, keys, positions), missing }
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    this.#lifetime.check('discard')
    const { keys, positions } = await this.#select(query)
    return this.#change(DISCARD, keys, positions)
  }

  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    this.#lifetime.check('counts')
    const [status, ...counts] = await this.#link.run(COUNTS, this.#keys.subscription(subscription).all, [])
    if (String(status) === 'GONE') throw await this.#notFound(subscription)
    const [waiting, leased, retrying, scheduled, dead] = counts as [number, number, number, number, number]
    return { waiting, leased, retrying, scheduled, dead }
  }

  async #change(script: Script, keys: SubscriptionKeys, positions: readonly string[]): Promise<number> {
    let changed = 0
    for (let at = 0; at < positions.length; at += PORTION) {
      const [, count] = await this.#link.run(script, keys.all, positions.slice(at, at + PORTION))
      changed += count as number
    }
    return changed
  }

  async #select({ subscription, ids, limit = Number.POSITIVE_INFINITY }: DeadLetterQuery): Promise<Selection> {
    const keys = this.#keys.subscription(subscription)
    const { state, dead, deaths } = keys
    if ((await this.#link.call('exists', [state])) === 0) throw await this.#notFound(subscription)
    if (ids === undefined) {
      const all = await this.#link.call('zrange', [dead, 0, Number.isFinite(limit) ? limit - 1 : -1])
      return { keys, positions: limit < 1 ? [] : (all as readonly Buffer[]).map(String), missing: [] }
    }
    if (ids.length === 0) return { keys, positions: [], missing: [] }
    const found = (await this.#link.call('hmget', [deaths, ...ids.map(id => `i${id}`)])) as readonly unknown[]
    const positions = new Set(found.flatMap(each => (each === null ? [] : String(each).split(' '))))
    const missing = [...new Set(ids.filter((_, index) => found[index] === null))]
    return { keys, positions: await this.#oldest(dead, [...positions], limit), missing }
  }

  /** In the order in which they died. */
  async #oldest(dead: string, positions: readonly string[], limit: number): Promise<readonly string[]> {
    if (positions.length === 0) return positions
    const deaths = (await this.#link.call('zmscore', [dead, ...positions])) as readonly unknown[]
    const ranked = positions.map((position, index) => ({ position, death: Number(String(deaths[index] ?? Infinity)) }))
    ranked.sort((one, other) => one.death - other.death)
    return ranked.map(({ position }) => position).slice(0, limit)
  }

  async #notFound(subscription: SubscriptionName): Promise<unknown> {
    const exists = await this.#link.call('exists', [this.#keys.topic(subscription.topic).topic])
    return exists === 0 ? topicNotFound(subscription.topic) : subscriptionNotFound(subscription)
  }
}

/** Position, info, entry, errors. */
type Row = readonly [Buffer, Buffer, Buffer, readonly Buffer[]]

function deadLetter({ topic, name }: SubscriptionName, [position, info, entry, errors]: Row): StoredDeadLetter {
  const [, attempts, losses, time, reason = ''] = /^(\d+) (\d+) (\d+) \d+ (.*)$/s.exec(info.toString()) ?? []
  return {
    message: readMessage(topic, entry, String(position)),
    subscription: { topic, name },
    reason,
    errors: errors.map(error => JSON.parse(error.toString()) as ErrorRecord),
    attempts: Number(attempts),
    losses: Number(losses),
    time: Number(time),
  }
}
