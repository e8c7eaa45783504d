import type { Duration } from './duration.js'

export type { Receipt } from '../driver/receipt.js'

/**
 * What a message may be given beside its data.
 *
 * @example
 * ```ts
 * import type { PublishOptions } from '@pluribus/core'
 *
 * const express: PublishOptions = { key: 'customer-7', priority: 3, delay: '10s' }
 * ```
 */
export interface PublishOptions {
  /** 1 to 200 characters. Default: a generated one. Supplied ids are de-duplicated where the adapter does that. */
  readonly id?: string | undefined
  /** Messages of one key stay in order, through retries, and whatever the discipline: over lifo and priority, the key wins. */
  readonly key?: string | undefined
  /** A whole number from 0, larger is sooner. Default: 0. */
  readonly priority?: number | undefined
  /** How long to wait before it is handed out. Not together with `deliverAt`. */
  readonly delay?: Duration | undefined
  /** When to hand it out: a date, milliseconds since the epoch, or ISO 8601 text with a zone. */
  readonly deliverAt?: Date | number | string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default inside a handler: the chain of the message being handled; outside: none. */
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
}

/**
 * One message of a `publishMany`.
 *
 * @example
 * ```ts
 * import type { PublishItem } from '@pluribus/core'
 *
 * const items: PublishItem<{ n: number }>[] = [1, 2, 3].map(n => ({ data: { n }, key: `k${n % 2}` }))
 * ```
 */
export interface PublishItem<T> extends PublishOptions {
  readonly data: T
}
