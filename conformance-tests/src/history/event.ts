import type { Capabilities, PublishOutcome, Retention, Settlement, Start } from '@pluribus/core/driver'

/** How a settlement is meant. */
export type SettleKind = 'ack' | Settlement['kind']

/** What became of a message of a batch, or of a settlement. */
export type PublishResult = 'stored' | 'duplicate' | PublishOutcome
export type SettleResult = 'done' | 'stale' | 'failed' | 'unknown'

/**
 * Everything that happens between core and an adapter, and what callers and handlers see of it: plain data, in one order.
 * `process` is one broker object or one connection opened by hand; `delivery`, `source` and `run` are numbers that name
 * things within a history.
 */
export type HistoryFact =
  | {
      readonly kind: 'declare'
      readonly topic: string
      readonly subscription: string
      readonly order: 'fifo' | 'lifo' | 'priority'
      readonly from: Start
      readonly partitions: number
      readonly retention: Retention
    }
  /** A message goes to the adapter. `batch` numbers the calls of one process. */
  | {
      readonly kind: 'publish'
      readonly topic: string
      readonly id: string
      readonly batch: number
      readonly index: number
      readonly digest: string
      readonly key: string | undefined
      readonly priority: number
      readonly delay: number
    }
  | {
      readonly kind: 'published'
      readonly topic: string
      readonly id: string
      readonly batch: number
      readonly result: PublishResult
    }
  /** What the caller of `broker.publish` was told. `id` is unknown where the caller gave none and got no receipt. */
  | {
      readonly kind: 'receipt'
      readonly topic: string
      readonly id: string | undefined
      readonly result: PublishResult
      readonly code?: string
    }
  | {
      readonly kind: 'open'
      readonly source: number
      readonly topic: string
      readonly subscription: string
      readonly lease: number | undefined
      readonly window: number
      /** The consumer that it is a source of: what an earlier one of the same process and consumer held goes over to it. */
      readonly consumer: number | undefined
    }
  | { readonly kind: 'pull'; readonly source: number; readonly max: number }
  /** `asked`: the order of the pull that brought it. */
  | {
      readonly kind: 'deliver'
      readonly source: number
      readonly delivery: number
      readonly asked: number
      readonly topic: string
      readonly subscription: string
      readonly id: string
      readonly digest: string
      readonly key: string | undefined
      readonly priority: number
      readonly attempt: number
      readonly losses: number
      readonly marks: number
      /** How long before the pull its lease had begun, in milliseconds. Absent: not before. */
      readonly waited?: number
    }
  | { readonly kind: 'renewed'; readonly asked: number; readonly deliveries: readonly number[] }
  | { readonly kind: 'mark'; readonly delivery: number }
  | {
      readonly kind: 'settle'
      readonly delivery: number
      readonly as: SettleKind
      readonly delay?: number
      readonly reason?: string
    }
  | { readonly kind: 'settled'; readonly delivery: number; readonly as: SettleKind; readonly result: SettleResult }
  | { readonly kind: 'lost'; readonly source: number; readonly deliveries: readonly number[] }
  /** A source is over. `unanswered`: a pull was under way, and may have taken messages that nobody has seen. */
  | {
      readonly kind: 'end'
      readonly source: number
      readonly why: 'closed' | 'ended' | 'lost'
      readonly unanswered: boolean
    }
  | {
      readonly kind: 'run'
      readonly run: number
      readonly topic: string
      readonly subscription: string
      readonly id: string
      readonly key: string | undefined
      readonly attempt: number
    }
  | { readonly kind: 'abort'; readonly run: number }
  | { readonly kind: 'ran'; readonly run: number; readonly outcome: 'returned' | 'threw'; readonly result?: string }
  | {
      readonly kind: 'redrive'
      readonly topic: string
      readonly subscription: string
      readonly ids: readonly string[] | 'all'
    }
  | {
      readonly kind: 'discard'
      readonly topic: string
      readonly subscription: string
      readonly ids: readonly string[] | 'all'
    }
  | { readonly kind: 'remove'; readonly topic: string; readonly subscription: string }
  | { readonly kind: 'trim'; readonly topic: string }
  /** A client that is not ours has put something into a topic. */
  | { readonly kind: 'inject'; readonly topic: string }
  /** A process is dead. `known`: it was killed just now; otherwise that was found later, and its last event is its end. */
  | { readonly kind: 'died'; readonly who: string; readonly known: boolean }
  /** Something that the case did to the world. */
  | { readonly kind: 'fault'; readonly what: string }
  /** What was found in a subscription at the end. `complete`: everything that may come had the time to. */
  | {
      readonly kind: 'audit'
      readonly topic: string
      readonly subscription: string
      readonly left: readonly string[]
      readonly dead: readonly string[]
      readonly complete: boolean
    }

/**
 * One entry of a history.
 *
 * @example
 * ```ts
 * import { History, type HistoryEvent } from '@pluribus/conformance'
 *
 * const published = (history: History) => history.events.filter((event: HistoryEvent) => event.kind === 'publish').length
 * ```
 */
export type HistoryEvent = HistoryFact & Stamp

/** Where an event stands. */
export interface Stamp {
  /** Position in the history. */
  readonly at: number
  /** Milliseconds of the monotonic clock. */
  readonly time: number
  readonly process: string
}

/** The events of one kind. */
export type EventOf<K extends HistoryFact['kind']> = K extends HistoryFact['kind']
  ? Extract<HistoryFact, { kind: K }> & Stamp
  : never

/** What a history is judged by. */
export type Promises = Pick<Capabilities, 'settle' | 'fencing' | 'attempts' | 'keys' | 'deduplication'>
