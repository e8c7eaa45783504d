import type { Adapter } from '../driver/adapter.js'
import type { StoredMessage } from '../driver/message.js'
import type { Delivery } from '../driver/subscriber.js'
import type { PublishOutcome } from '../errors/pluribus-error.js'
import type { FaultOperation } from './fault-script.js'

/**
 * How often an armed fault strikes.
 *
 * @example
 * ```ts
 * import type { TimesOptions } from '@pluribus/core/testing'
 *
 * const thrice: TimesOptions = { times: 3 }
 * ```
 */
export interface TimesOptions {
  /** Default: 1. */
  readonly times?: number
}

/**
 * How {@link UnreliableAdapter.failBefore} fails.
 *
 * @example
 * ```ts
 * import type { FailOptions } from '@pluribus/core/testing'
 *
 * const twice: FailOptions = { times: 2, cut: true }
 * ```
 */
export interface FailOptions extends TimesOptions {
  /** The native error. Default: one that is classified as `UNAVAILABLE`. */
  readonly error?: unknown
  /** Whether the connection breaks with it. Default: false; always for `publish` where the publisher's window is above 1. */
  readonly cut?: boolean
}

/**
 * How {@link UnreliableAdapter.loseReplies} loses.
 *
 * @example
 * ```ts
 * import type { LoseOptions } from '@pluribus/core/testing'
 *
 * const blackHole: LoseOptions = { hang: true }
 * ```
 */
export interface LoseOptions extends TimesOptions {
  /** A black hole: the call never answers and the connection stays. Default: false, the connection breaks. */
  readonly hang?: boolean
}

/**
 * How {@link UnreliableAdapter.failMessages} fails.
 *
 * @example
 * ```ts
 * import type { FailMessagesOptions } from '@pluribus/core/testing'
 *
 * const once: FailMessagesOptions = { times: 1, stored: true }
 * ```
 */
export interface FailMessagesOptions extends TimesOptions {
  /** How many messages. Default: all, until disarmed. */
  readonly times?: number
  /** Whether the message is stored all the same. Default: true for `unknown`; a `definite` failure never stores. */
  readonly stored?: boolean
  readonly error?: unknown
}

/**
 * Where {@link UnreliableAdapter.hold} and {@link UnreliableAdapter.delay} act.
 *
 * @example
 * ```ts
 * import type { GateOptions } from '@pluribus/core/testing'
 *
 * const afterwards: GateOptions = { side: 'reply' }
 * ```
 */
export interface GateOptions {
  /** Before the call is executed, or between that and its answer. Default: `request`. */
  readonly side?: 'request' | 'reply'
}

/**
 * An adapter with a saboteur's controls: one broker object's view of the adapter inside. What is armed strikes in the
 * order of arming, one fault per call, after the script's step for that call. All events are raised before a control
 * returns. Faults of a call (`cut`, `kill` steps) raise theirs in the next microtask, never within core's call.
 *
 * @example
 * ```ts
 * import { type UnreliableAdapter, unreliable } from '@pluribus/core/testing'
 * import { memory } from '@pluribus/memory'
 *
 * const adapter: UnreliableAdapter = unreliable(memory())
 * adapter.refuse()
 * ```
 */
export interface UnreliableAdapter extends Adapter {
  /**
   * Breaks the link: calls in flight and later ones reject, `close` resolves, nothing more is heard. The inner source is
   * not closed: what it held stays leased in the store, for the next source of its consumer. A connect in flight rejects. Answers
   * whether there was anything to cut.
   *
   * @param cause What `lost` is called with. Default: the error that calls reject with, classified as `UNAVAILABLE`.
   */
  cut(cause?: unknown): boolean
  /** Every connect rejects, until {@link accept}. Default: with what is classified as `UNAVAILABLE`. */
  refuse(error?: unknown): void
  /** Every connect never answers, until {@link accept}; those that hang by then go on hanging. */
  hangConnects(): void
  /** Ends {@link refuse} and {@link hangConnects}. */
  accept(): void
  /** The next calls are executed, and their answers never arrive: the outcome is unknown. */
  loseReplies(operation: FaultOperation, options?: LoseOptions): void
  /**
   * The next calls are not executed and reject. Core has to take a rejected publish for an unknown outcome all the same:
   * for definite ones there is {@link failMessages}.
   */
  failBefore(operation: FaultOperation, options?: FailOptions): void
  /** Messages that match fail within their batch. Returns what disarms it. */
  failMessages(
    matches: (message: StoredMessage) => boolean,
    outcome: PublishOutcome,
    options?: FailMessagesOptions,
  ): () => void
  /**
   * The next settlements, counted one by one, do not take effect: `failed` changes nothing inside; `stale` makes the
   * delivery available again inside.
   */
  settleExceptions(kind: 'failed' | 'stale', options?: TimesOptions): void
  /** Calls wait from now on until the returned function is called, and then go on in the order in which they came. */
  hold(operation: FaultOperation, options?: GateOptions): () => void
  /** Calls take so many milliseconds longer from now on, by the environment's timers. 0 for no longer. */
  delay(operation: FaultOperation, ms: number, options?: GateOptions): void
  /**
   * The broker takes away deliveries that have been handed out and not been settled: `lost`, then they become available inside,
   * with no loss counted. Settling them is answered `stale`, renewing them says lost, marking them rejects. Answers how many.
   */
  takeLeases(filter?: (delivery: Delivery) => boolean): number
  /**
   * Every open source ends; the connection stays. Answers how many.
   *
   * @param options `giveBack`: whether what they held is available at once (default), or stays leased, for their consumers' next sources.
   */
  endSources(cause?: unknown, options?: { readonly giveBack?: boolean }): number
  /**
   * The process of this broker object dies without goodbye: no call is executed or answered any more, connecting hangs for
   * ever, and nothing is given back. `ended` and `lost` are raised before this returns, so that core drops what it
   * has buffered. May be called from inside a handler.
   */
  kill(): void
  /** Disarms everything: script, faults, holds, delays, refusals. What is cut or killed stays so. */
  heal(): void
  /** Really closes what cuts and kills have left open inside, for adapters that hold files or sockets; leases go on. */
  dispose(): Promise<void>
  readonly killed: boolean
  /** Connections that core has been given so far. */
  readonly generation: number
  /** How often core tried to connect. */
  readonly connects: number
  /** Batches and messages that have reached the inner publisher by `publish`. */
  readonly publishedBatches: number
  readonly publishedMessages: number
  /** Deliveries that have been handed out by open sources and not been settled. */
  readonly held: readonly Delivery[]
  /** Calls that core has made. */
  calls(operation: FaultOperation): number
  /** Calls that have reached the inner adapter. */
  executed(operation: FaultOperation): number
}
