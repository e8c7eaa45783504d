import type { ServerInfo } from '../driver/adapter.js'
import type { Capabilities } from '../driver/capabilities.js'
import type { RedriveResult, SubscriptionCounts } from '../driver/persistence.js'
import type { Start } from '../driver/spec.js'
import type { DeadLetter } from './dead-letter.js'
import type { Duration } from './duration.js'
import type { BrokerEvents } from './events.js'
import type { Handler } from './handler.js'
import type { Message } from './message.js'
import type { PublishItem, PublishOptions, Receipt } from './publish-options.js'
import type { PublishReport } from './publish-report.js'
import type { Subscription, Topic } from './topic.js'

/**
 * The settings of one process's consumer: part of the call, not of the model.
 *
 * @example
 * ```ts
 * import type { SubscribeOptions } from '@pluribus/core'
 *
 * const busy: SubscribeOptions = { concurrency: 64 }
 * ```
 */
export interface SubscribeOptions {
  /** How many handlers of this subscription may run at once in this process. 1 to 10,000. Default: 1. */
  readonly concurrency?: number
  /** For fifo: how many messages are fetched ahead of the free slots. 0 to 10,000. Default: 256. */
  readonly prefetch?: number
}

/**
 * A running consumer.
 *
 * @example
 * ```ts
 * import type { ConsumerHandle } from '@pluribus/core'
 *
 * const rest = async (consumer: ConsumerHandle, ms: number) => {
 *   consumer.pause()
 *   await new Promise(resolve => setTimeout(resolve, ms))
 *   consumer.resume()
 * }
 * ```
 */
export interface ConsumerHandle extends AsyncDisposable {
  readonly topic: string
  readonly subscription: string
  readonly state: 'consuming' | 'paused' | 'disconnected' | 'closed'
  /** Starts no further handlers and gives back what has been fetched, so that others may have it; what runs goes on. */
  pause(): void
  resume(): void
  /**
   * Stops fetching, gives back what has not started, waits for what runs, settles. A handler that has not ended when the
   * drain is over gets its signal, and its message is given back uncounted, or has failed where its timeout had passed.
   * Idempotent. Awaited inside a handler of its own, it waits for that handler: until the drain is over.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * How long to wait for running handlers.
 *
 * @example
 * ```ts
 * import type { Broker, CloseOptions } from '@pluribus/core'
 *
 * const patient: CloseOptions = { drain: '1m' }
 * const stop = (broker: Broker) => broker.close(patient)
 * ```
 */
export interface CloseOptions {
  /** Default: 10 s. Whatever the broker does not answer, closing ends 5 s after that at the latest. */
  readonly drain?: Duration
}

/**
 * Which dead letters: all, or those with these message ids; at most `limit`, oldest first.
 *
 * @example
 * ```ts
 * import type { DeadLetterSelection } from '@pluribus/core'
 *
 * const some: DeadLetterSelection = { ids: ['order-1', 'order-2'] }
 * ```
 */
export interface DeadLetterSelection {
  readonly ids?: readonly string[]
  readonly limit?: number
}

/**
 * Something that a subscription asks for and the adapter cannot do.
 *
 * @example
 * ```ts
 * import type { Refusal } from '@pluribus/core'
 *
 * const line = (refusal: Refusal) => `${refusal.subject}: ${refusal.message}`
 * ```
 */
export interface Refusal {
  /** What asks: `orders.placed/billing`. */
  readonly subject: string
  readonly capability: keyof Capabilities
  readonly message: string
}

/**
 * One messaging API over any broker: what {@link createBroker} resolves to.
 *
 * @example
 * ```ts
 * import { createBroker, topic } from '@pluribus/core'
 *
 * const greeted = topic<{ name: string }>('people.greeted')
 * await using broker = await createBroker({ adapter: 'memory:' })
 * await broker.subscribe(greeted.subscription('log'), message => console.error(message.data.name))
 * await broker.publish(greeted, { name: 'Ada' })
 * ```
 */
export interface Broker extends AsyncDisposable {
  readonly adapter: string
  /** What the connected server gives. */
  readonly capabilities: Capabilities
  readonly server: ServerInfo

  /**
   * Stores one message; resolves when it is as durable as `capabilities.durability` says. The data is encoded before
   * this returns: what becomes of it later changes nothing.
   *
   * Where it fails, `error.outcome` says whether anything may have been stored. What is in doubt is sent again, in its
   * order, where the adapter de-duplicates and still remembers its id; otherwise it fails as `unknown`.
   *
   * @throws PluribusError `INVALID_ARGUMENT`, `INVALID_DATA`, `ENCODING`, `TOO_LARGE`, `UNSUPPORTED`, `CONFLICT`: nothing
   * was sent. `OVERLOADED`, `UNAVAILABLE`, `TIMEOUT`, `CLOSED`: see `error.outcome`.
   */
  publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt>
  /**
   * Stores many messages of one topic, in order. Bad input rejects before anything is sent (with publish middleware,
   * which may change the data: bad options). Resolves where all are stored; where some are not, rejects with the first
   * failure, and `error.report` tells each message's fate.
   */
  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport>
  /**
   * Starts a consumer, creating topic and subscription where they are missing. Resolves when it is effective; what can be
   * tried again is, until `connectTimeout` has passed.
   *
   * @throws PluribusError `UNSUPPORTED` before any side effect, `CONFLICT`, `INVALID_ARGUMENT`, `NOT_FOUND`, `CLOSED`.
   */
  subscribe<In, Out>(
    subscription: Subscription<In, Out>,
    handler: Handler<NoInfer<Out>>,
    options?: SubscribeOptions,
  ): Promise<ConsumerHandle>
  /** Creates topics and subscriptions without consuming, so that messages are kept for them from now on. */
  declare(...declared: readonly (Topic<unknown> | Subscription<unknown>)[]): Promise<void>
  /** Everything that this broker would refuse, without touching anything. */
  check(...subscriptions: readonly Subscription<unknown>[]): readonly Refusal[]
  /** Retained messages, in order, up to the end as it is when the iteration gets there. Default: `earliest`. */
  history<In, Out>(topic: Topic<In, Out>, range?: { readonly from?: Start }): AsyncIterable<Message<Out>>
  /** The dead letters of a subscription, oldest first. Looking changes nothing. */
  deadLetters<In, Out>(
    subscription: Subscription<In, Out>,
    selection?: DeadLetterSelection,
  ): AsyncIterable<DeadLetter<Out>>
  /** Puts dead letters back, into this subscription only, at its tail. */
  redrive(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<RedriveResult>
  /** Deletes dead letters for good; answers how many. */
  discard(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<number>
  counts(subscription: Subscription<unknown>): Promise<SubscriptionCounts>
  /** Deletes a subscription with everything in it. */
  remove(subscription: Subscription<unknown>): Promise<void>
  /**
   * Calls back at every event of a name; answers how to stop that. A listener that throws or rejects is logged, nothing
   * more. What it publishes has no cause, whichever handler has brought the event about.
   */
  on<Name extends keyof BrokerEvents>(name: Name, listener: (event: BrokerEvents[Name]) => void): () => void
  /**
   * Ends everything: drains consumers, flushes publishes, disconnects. Always ends, works while disconnected, and twice.
   * Handlers that still run may publish to their end; every other call is `CLOSED` from now on.
   */
  close(options?: CloseOptions): Promise<void>
}
