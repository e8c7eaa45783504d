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

/**
 * A handler at work: it takes up to `takes` milliseconds, and throws on the first attempt of one message in `fails`, and on
 * every attempt of one in `fails` squared. Which ones, and how long, is a matter of their numbers alone.
 */
export interface ActorWork {
  readonly does: 'work'
  readonly takes: number
  readonly fails: number
}

/** Publishing that goes on, at a rate, until it is told to rest: nothing waits for what was published before. */
export interface ActorLoad {
  /** Messages a second. */
  readonly rate: number
  /** One message in three has one of so many keys; 0: none has. */
  readonly keys: number
  /** Every other message is given an id that begins with this; keys do so too. */
  readonly ids: string
}

/** What an actor is told to do. Everything is plain data: it lives in another process. */
export type ActorOrder =
  | {
      readonly do: 'subscribe'
      readonly topic: TopicSpec
      readonly subscription: SubscriptionSpec
      readonly behaviour: ActorBehaviour | ActorWork
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
  /** Begins to publish; what becomes of each message is in the history. */
  | { readonly do: 'load'; readonly topic: TopicSpec; readonly load: ActorLoad }
  /** Ends every load; answered when the last publish is settled. */
  | { readonly do: 'rest' }
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
