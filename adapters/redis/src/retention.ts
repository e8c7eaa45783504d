import type { Environment, TopicSpec } from '@pluribus/core/driver'
import { topicNotFound } from './errors.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import { SWEEP } from './scripts/sweep.js'
import { readTopic, readTopics } from './specs.js'

/** Housekeeping comes this often at most, and at least, in milliseconds. */
const SOONEST = 1_000
const LATEST = 60_000
/** Where a topic says how many bytes it keeps, which it may exceed any time. */
const BY_BYTES = 5_000
/** Bytes of a topic that names none: a server's memory is no disk either. */
const MOST_BYTES = 256 * 1_024 * 1_024
const NO_AGE = -1

interface Swept {
  readonly removed: number
  /** In milliseconds. */
  readonly next: number
}

/** How many bytes of handled messages a topic keeps at most. */
export const mostBytes = (retention: TopicSpec['retention'] = {}): number => retention.bytes ?? MOST_BYTES

/** Removes what is past retention, in portions, so that nobody waits for long. */
export class Retention {
  readonly #link: Link
  readonly #keys: Keys
  readonly #environment: Environment
  /** By topic, when it was last swept between two housekeepings; Infinity while that goes on. */
  readonly #between = new Map<string, number>()

  constructor(link: Link, keys: Keys, environment: Environment) {
    this.#link = link
    this.#keys = keys
    this.#environment = environment
  }

  /** All topics; answers in how many milliseconds it wants to be called again. */
  async sweepAll(): Promise<number> {
    let next = LATEST
    for (const spec of await readTopics(this.#link, this.#keys)) {
      const swept = await this.#sweepOne(spec)
      next = Math.min(next, swept?.next ?? LATEST, spec.retention.bytes === undefined ? LATEST : BY_BYTES)
    }
    return Math.max(SOONEST, next)
  }

  /** A topic holds much that may go, and housekeeping would come too late. Returns at once. */
  overdue(topic: string): void {
    const now = this.#environment.clock.monotonic()
    const last = this.#between.get(topic) ?? Number.NEGATIVE_INFINITY
    if (now < last + SOONEST) return
    this.#between.set(topic, Number.POSITIVE_INFINITY)
    this.#sweepNow(topic)
      .catch((error: unknown) => {
        this.#environment.logger.debug({ error, topic }, 'Removing old messages has failed; it is tried again.')
      })
      .finally(() => this.#between.set(topic, this.#environment.clock.monotonic()))
  }

  /** Removes what was stored before a time, whatever the rule; answers how many. */
  async trim(topic: string, before: number): Promise<number> {
    const swept = await this.#sweep(topic, ['trim', before, 0])
    if (swept === undefined) throw topicNotFound(topic)
    return swept.removed
  }

  async #sweepNow(topic: string): Promise<void> {
    const stored = await readTopic(this.#link, this.#keys, topic)
    if (stored !== undefined) await this.#sweepOne(stored.spec)
  }

  #sweepOne({ name, retention }: TopicSpec): Promise<Swept | undefined> {
    return this.#sweep(name, ['rule', retention.age ?? NO_AGE, mostBytes(retention)])
  }

  /** Undefined where the topic is not there. */
  async #sweep(topic: string, rule: readonly [string, number, number]): Promise<Swept | undefined> {
    const keys = this.#keys
    let removed = 0
    for (;;) {
      const subscriptions = (await readTopic(this.#link, keys, topic))?.subscriptions
      if (subscriptions === undefined) return undefined
      const own = subscriptions.flatMap(name => keys.subscription({ topic, name }).own)
      const all = [...keys.topic(topic).all, ...own]
      const [status, count, more, next] = await this.#link.run(SWEEP, all, [...rule, subscriptions.length])
      if (String(status) === 'AGAIN') continue
      removed += count as number
      if (more !== 1) return { removed, next: next === -1 ? LATEST : (next as number) }
    }
  }
}
