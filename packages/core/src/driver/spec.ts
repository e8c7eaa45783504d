import type { Discipline } from './discipline.js'

/**
 * Which messages of a topic are kept after every subscription has handled them. Whatever exceeds one of its members goes,
 * oldest first; where there is none, nothing does. What a subscription has still to handle, or has among its dead letters, stays.
 *
 * @example
 * ```ts
 * import { topic } from '@pluribus/core'
 *
 * export const audit = topic<{ who: string }>('audit.entry', { retention: { age: '90d' } })
 * ```
 */
export interface Retention {
  /** Milliseconds. */
  readonly age?: number
  /** Bytes of payload and headers of all that is stored, what has still to be handled included. */
  readonly bytes?: number
}

/**
 * A topic as it is declared and stored.
 *
 * @example
 * ```ts
 * import type { TopicSpec } from '@pluribus/core/driver'
 *
 * const spec: TopicSpec = { name: 'orders.placed', partitions: 1, retention: { age: 604_800_000 } }
 * ```
 */
export interface TopicSpec {
  readonly name: string
  /** Fixed at creation. */
  readonly partitions: number
  readonly retention: Retention
}

/**
 * Where a new subscription starts, and where `history` begins: the first retained message, the end, the first message that
 * was stored at or after a time (milliseconds since the epoch, by the broker's clock), or the message with an id (that one
 * included; `NOT_FOUND` where it is not there). In the order of storing: a delayed message stands where it was stored, due or
 * not, and who starts there or earlier gets it when it is due.
 *
 * @example
 * ```ts
 * import type { Start } from '@pluribus/core/driver'
 *
 * const yesterday: Start = { time: Date.now() - 86_400_000 }
 * ```
 */
export type Start = 'earliest' | 'latest' | { readonly time: number } | { readonly id: string }

/**
 * A subscription's full name: names are unique within their topic.
 *
 * @example
 * ```ts
 * import type { SubscriptionName } from '@pluribus/core/driver'
 *
 * const billing: SubscriptionName = { topic: 'orders.placed', name: 'billing' }
 * ```
 */
export interface SubscriptionName {
  readonly topic: string
  readonly name: string
}

/**
 * A subscription as it is declared and stored.
 *
 * @example
 * ```ts
 * import type { SubscriptionSpec } from '@pluribus/core/driver'
 *
 * const spec: SubscriptionSpec = {
 *   topic: 'orders.placed', name: 'billing', from: 'earliest',
 *   discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
 *   retry: { attempts: 5, delays: [100, 1_000] }, timeout: 5_000, grace: 5_000,
 * }
 * ```
 */
export interface SubscriptionSpec extends SubscriptionName {
  /** Kind and levels are fixed at creation. */
  readonly discipline: Discipline
  /** Decided once, at creation. */
  readonly from: Start
  /** `attempts`: failed runs allowed. `delays`: milliseconds before attempt 2, 3, …; the last one repeats. */
  readonly retry: { readonly attempts: number; readonly delays: readonly number[] }
  /** How long one run may take, in milliseconds. */
  readonly timeout: number
  /** How long a run may outlive its timeout before its slot is taken from it, in milliseconds. */
  readonly grace: number
}

/**
 * A stored setting that a declaration has overwritten.
 *
 * @example
 * ```ts
 * import type { SettingChange } from '@pluribus/core/driver'
 *
 * const change: SettingChange = { topic: 'orders.placed', subscription: 'billing', setting: 'timeout', from: 5_000, to: 10_000 }
 * ```
 */
export interface SettingChange {
  readonly topic: string
  /** Absent where the setting is the topic's own. */
  readonly subscription?: string
  readonly setting: string
  readonly from: unknown
  readonly to: unknown
}
