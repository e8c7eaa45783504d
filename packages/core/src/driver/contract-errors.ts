import { PluribusError } from '../errors/pluribus-error.js'
import type { SubscriptionName } from './spec.js'

/**
 * What a declaration rejects with where a new subscription starts at an id that its topic does not hold: `NOT_FOUND`.
 *
 * @example
 * ```ts
 * import { startNotFound } from '@pluribus/core/driver'
 *
 * console.error(startNotFound('orders.placed', 'order-7').message)
 * ```
 */
export const startNotFound = (topic: string, id: string): PluribusError =>
  new PluribusError(
    'NOT_FOUND',
    `Topic "${topic}" holds no message with the id "${id}": it was never published, or retention has removed it. ` +
      "Start from 'earliest', from 'latest' or from a time.",
    { details: { topic, id } },
  )

/**
 * What `mark` rejects with where the lease of the delivery is lost: `STALE`.
 *
 * @example
 * ```ts
 * import { stale, type Token } from '@pluribus/core/driver'
 *
 * const check = (held: ReadonlySet<Token>, token: Token) => {
 *   if (!held.has(token)) throw stale()
 * }
 * ```
 */
export const stale = (): PluribusError =>
  new PluribusError('STALE', 'The lease of this delivery was lost before it could be marked. Do not run it.')

/**
 * What `open` and `pull` reject with where a later generation of the same consumer is open: `STALE`.
 *
 * @example
 * ```ts
 * import { replaced } from '@pluribus/core/driver'
 *
 * console.error(replaced('pull').message)
 * ```
 */
export const replaced = (what: string): PluribusError =>
  new PluribusError(
    'STALE',
    `${what}: a later source of this consumer is open, and holds what this one held. Use that one.`,
  )

/** What every adapter refuses, in the same words. */
export interface Refusals {
  /** `CLOSED`: a call, here its name, came after the end of its connection or source. */
  closed(what: string): PluribusError
  /** `NOT_FOUND`, and nothing was stored. */
  topicNotFound(topic: string): PluribusError
  /** `NOT_FOUND`. */
  subscriptionNotFound(subscription: SubscriptionName): PluribusError
}

/**
 * The refusals of an adapter. `broker`: what a connection leads to, as in "this Redis connection"; `place`: where topics are, as in
 * "on this Redis server".
 *
 * @example
 * ```ts
 * import { refusals } from '@pluribus/core/driver'
 *
 * export const { closed, topicNotFound, subscriptionNotFound } = refusals('Redis', 'on this Redis server')
 * ```
 */
export const refusals = (broker: string, place: string): Refusals => ({
  closed: what =>
    new PluribusError('CLOSED', `${what}: this ${broker} connection, or this source of it, is closed. Open a new one.`),
  topicNotFound: topic =>
    new PluribusError('NOT_FOUND', `Topic "${topic}" does not exist ${place}. Declare it first.`, {
      outcome: 'definite',
      details: { topic },
    }),
  subscriptionNotFound: ({ topic, name }) =>
    new PluribusError(
      'NOT_FOUND',
      `Subscription "${name}" of topic "${topic}" does not exist ${place}. Declare it first.`,
      { details: { topic, subscription: name } },
    ),
})
