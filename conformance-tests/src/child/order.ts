import type { SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import type { HistoryEvent } from '../history/event.js'

/**
 * What an actor's handler does: `ack`, `throw`, `hold` (it never ends), `die` (it kills its process), `block` (it blocks the
 * event loop for three leases, then acks). `on`: with the message of that number alone, and acks the others.
 */
export interface ActorBehaviour {
  readonly does: 'ack' | 'throw' | 'hold' | 'die' | 'block'
  readonly on?: number
}

/** What an actor is told to do. Everything is plain data: it lives in another process. */
export type ActorOrder =
  | {
      readonly do: 'subscribe'
      readonly topic: TopicSpec
      readonly subscription: SubscriptionSpec
      readonly behaviour: ActorBehaviour
      readonly concurrency?: number
      readonly prefetch?: number
    }
  /** Publishes `{ n: first }` and so on, one after the other, and tells of each receipt. */
  | {
      readonly do: 'publish'
      readonly topic: TopicSpec
      readonly first: number
      readonly count: number
      readonly ids?: string
    }
  | { readonly do: 'close'; readonly drain?: number }
  /** Ends the process by `process.exit`, with whatever is under way. */
  | { readonly do: 'exit'; readonly code: number }

/** How an actor begins. */
export interface ActorStart {
  /** The URL of the target module. */
  readonly module: string
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly process: string
  readonly instance: string
  readonly lease: number
}

/** What an actor tells, one line of JSON each. */
export type ActorReport =
  | { readonly is: 'done'; readonly order: number }
  | { readonly is: 'failed'; readonly order: number; readonly message: string }
  | { readonly is: 'event'; readonly event: HistoryEvent }
  | { readonly is: 'receipt'; readonly id: string; readonly n: number }
  | { readonly is: 'began'; readonly id: string; readonly n: number; readonly attempt: number; readonly losses: number }
  | { readonly is: 'acked'; readonly id: string }

/** The file descriptor that reports are written to: synchronously, so that what was told survives the process's death. */
export const REPORTS = 3
