/**
 * How exactly an adapter can keep an order.
 *
 * @example
 * ```ts
 * import type { Exactness } from '@pluribus/core/driver'
 *
 * const isOffered = (order: Exactness) => order !== 'none'
 * ```
 */
export type Exactness = 'exact' | 'windowed' | 'none'

/**
 * A field of {@link SubscriptionCounts}.
 *
 * @example
 * ```ts
 * import type { CountField } from '@pluribus/core/driver'
 *
 * const fields: readonly CountField[] = ['waiting', 'dead']
 * ```
 */
export type CountField = 'waiting' | 'leased' | 'retrying' | 'scheduled' | 'dead'

/**
 * What an adapter can do: values, frozen and JSON-serialisable. The adapter states its best case, the connection what
 * its server gives; core refuses from them, and the conformance suite proves or refutes each one.
 *
 * @example
 * ```ts
 * import type { Capabilities } from '@pluribus/core/driver'
 *
 * const survivesPowerCut = ({ durability }: Capabilities) => durability === 'disk' || durability === 'replicated'
 * ```
 */
export interface Capabilities {
  /**
   * What a resolved publish survives: `memory`, nothing; `process`, a crash of the process that stores it; `disk`, a power cut
   * of its machine; `replicated`, the loss of that machine.
   */
  readonly durability: 'memory' | 'process' | 'disk' | 'replicated'
  readonly fifo: Exactness
  readonly lifo: Exactness
  readonly priority: Exactness
  /** Priorities run from 0 to this, exclusive. */
  readonly priorityLevels: number
  /**
   * What waits while a keyed message is retried: its key, its key while there is room to park, or its partition. With `key`,
   * of the messages of one key only the first in place is ever ready: {@link Source} says more.
   */
  readonly keys: 'key' | 'window' | 'partition' | 'none'
  /** What consumers of one subscription compete for. */
  readonly competing: 'message' | 'partition'
  /** Of messages that are published with one. Delays between attempts need only `limits.hold`. */
  readonly delay: 'native' | 'emulated' | 'none'
  /** The granularity of delays, in milliseconds. */
  readonly delayTick: number
  /** Whether the broker refuses a stale settle (`exact`) or core alone does (`local`). */
  readonly fencing: 'exact' | 'local'
  /** Whether a resolved settle is stored, or only sent. */
  readonly settle: 'stored' | 'sent'
  /** Where the count of failed runs lives. */
  readonly attempts: 'stored' | 'process'
  /** Whether there is a place for the mark of a suspect. Where there is none, nothing dies of losses. */
  readonly losses: 'marked' | 'none'
  /**
   * Publishing an id to a topic twice within `window` milliseconds stores it once, in one batch too; `ids`: those that callers
   * supply, or all. `window` outlasts the message, should it be handled and deleted earlier.
   */
  readonly deduplication: { readonly window: number; readonly ids: 'supplied' | 'all' } | 'none'
  /** Whether what a subscription has not handled outlives the topic's retention. */
  readonly retention: 'keeps-pending' | 'may-drop-pending'
  readonly history: 'stored' | 'none'
  /** Where a new subscription may start. */
  readonly from: readonly ('earliest' | 'latest' | 'time' | 'id')[]
  /** The counts that are known. */
  readonly counts: readonly CountField[]
  /** Whether a lane's position is stored with the data, can be read back, or neither. */
  readonly sequenced: 'stored' | 'checked' | 'none'
  readonly transactions: 'native' | 'none'
  readonly limits: {
    /** Bytes. */
    readonly payload: number
    /** Bytes of all names and values. */
    readonly headers: number
    /** The longest delay of a ladder for keyed messages, in milliseconds; {@link NO_LIMIT} where there is none. */
    readonly hold: number
  }
}

/**
 * What stands for no limit of time: ten years, in milliseconds. A number, because capabilities are JSON.
 *
 * @example
 * ```ts
 * import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'
 *
 * const limits: Capabilities['limits'] = { payload: 1_048_576, headers: 65_536, hold: NO_LIMIT }
 * ```
 */
export const NO_LIMIT = 315_360_000_000

/**
 * Promises nothing: what the capabilities of an adapter begin with. Raise one when its cases pass; what the contract may ask about
 * one day is there already, as a no.
 *
 * @example
 * ```ts
 * import { type Capabilities, WEAKEST_CAPABILITIES } from '@pluribus/core/driver'
 *
 * const CAPABILITIES: Capabilities = Object.freeze({ ...WEAKEST_CAPABILITIES, fifo: 'exact', competing: 'message' })
 * ```
 */
export const WEAKEST_CAPABILITIES: Capabilities = Object.freeze({
  durability: 'memory',
  fifo: 'none',
  lifo: 'none',
  priority: 'none',
  priorityLevels: 1,
  keys: 'none',
  competing: 'partition',
  delay: 'none',
  delayTick: 1,
  fencing: 'local',
  settle: 'sent',
  attempts: 'process',
  losses: 'none',
  deduplication: 'none',
  retention: 'may-drop-pending',
  history: 'none',
  from: Object.freeze(['earliest'] as const),
  counts: Object.freeze([]),
  sequenced: 'none',
  transactions: 'none',
  limits: Object.freeze({ payload: 1_048_576, headers: 65_536, hold: 0 }),
})
