import type { ErrorRecord } from '../errors/error-record.js'
import type { StoredMessage } from './message.js'
import type { Start, SubscriptionName, SubscriptionSpec, TopicSpec } from './spec.js'

/**
 * A dead letter: the untouched message, the subscription that failed, and why.
 *
 * @example
 * ```ts
 * import type { StoredDeadLetter } from '@pluribus/core/driver'
 *
 * const line = (dead: StoredDeadLetter) => `${dead.subscription.name} ${dead.message.id} ${dead.reason}`
 * ```
 */
export interface StoredDeadLetter {
  readonly message: StoredMessage
  readonly subscription: SubscriptionName
  readonly reason: string
  /** Oldest first; at most {@link MAX_ERRORS}, the first and the latest. */
  readonly errors: readonly ErrorRecord[]
  /** Failed runs. */
  readonly attempts: number
  readonly losses: number
  /** When it died, by the broker's clock, in milliseconds since the epoch. */
  readonly time: number
}

/**
 * Which dead letters: all of a subscription, or those with the given message ids; at most `limit`. Their order is that of
 * their deaths, oldest first, whatever the order of publishing and of `ids`.
 *
 * @example
 * ```ts
 * import type { DeadLetterQuery } from '@pluribus/core/driver'
 *
 * const first: DeadLetterQuery = { subscription: { topic: 'orders.placed', name: 'billing' }, limit: 1 }
 * ```
 */
export interface DeadLetterQuery {
  readonly subscription: SubscriptionName
  readonly ids?: readonly string[]
  readonly limit?: number
}

/**
 * What a redrive did.
 *
 * @example
 * ```ts
 * import type { RedriveResult } from '@pluribus/core'
 *
 * const complete = (result: RedriveResult) => result.missing.length === 0
 * ```
 */
export interface RedriveResult {
  readonly redriven: number
  /** Ids that were asked for and are not among the dead letters. */
  readonly missing: readonly string[]
}

/**
 * How many messages of a subscription are in which state; `undefined` where the adapter cannot know.
 *
 * @example
 * ```ts
 * import type { SubscriptionCounts } from '@pluribus/core'
 *
 * const isDrained = ({ waiting, leased, retrying }: SubscriptionCounts) => !waiting && !leased && !retrying
 * ```
 */
export interface SubscriptionCounts {
  /** Ready, or behind another one of its key. */
  readonly waiting: number | undefined
  /** Handed out and not settled. */
  readonly leased: number | undefined
  /** Failed, waiting for its next attempt. */
  readonly retrying: number | undefined
  /** Published with a delay that has not passed. */
  readonly scheduled: number | undefined
  readonly dead: number | undefined
}

/**
 * What outlives a delivery: topics, subscriptions, history and dead letters. A topic or subscription that is not stored is
 * `NOT_FOUND` everywhere.
 *
 * @example
 * ```ts
 * import type { Connection } from '@pluribus/core/driver'
 *
 * const names = async (connection: Connection) => (await connection.persistence.topics()).map(topic => topic.name)
 * ```
 */
export interface Persistence {
  topics(): Promise<readonly TopicSpec[]>
  /** Of all topics, or of one. */
  subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]>
  /** Retained messages in order, up to the end as it is when the iteration gets there. */
  history(topic: string, range: { readonly from: Start }): AsyncIterable<StoredMessage>
  find?(topic: string, id: string): Promise<StoredMessage | undefined>
  /** Deletes handled messages stored before a time, in milliseconds since the epoch; answers how many. */
  trim?(topic: string, before: number): Promise<number>
  deadLetters(query: DeadLetterQuery): AsyncIterable<StoredDeadLetter>
  /**
   * Puts dead letters back into their subscription, at the tail, in the order in which they died, with attempts, losses, marks
   * and errors forgotten.
   */
  redrive(query: DeadLetterQuery): Promise<RedriveResult>
  /** Deletes dead letters for good; answers how many. */
  discard(query: DeadLetterQuery): Promise<number>
  counts(subscription: SubscriptionName): Promise<SubscriptionCounts>
}
