import { PluribusError } from '../errors/pluribus-error.js'

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
