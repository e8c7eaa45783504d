import type {
  Broker,
  BrokerOptions,
  ErrorCode,
  PluribusError,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  Topic,
  TopicOptions,
} from '@pluribus/core'
import type { Capabilities, Clock, Connection, ConsumerGeneration, ServerInfo } from '@pluribus/core/driver'
import type { UnreliableAdapter } from '@pluribus/core/testing'
import type { Actor } from '../child/actor.js'
import type { History } from '../history/history.js'
import type { BrokerControl } from '../hooks/broker-control.js'
import type { Link } from '../hooks/fault-proxy.js'
import type { RawClient } from '../hooks/raw-client.js'
import type { StoreFaults } from '../hooks/store-faults.js'
import type { Required } from '../target/required.js'
import type { Timing } from '../target/timing.js'
import type { Behaviour } from './behaviour.js'
import type { Collector } from './collector.js'
import type { Consumer } from './consumer.js'
import type { Gate } from './gate.js'
import type { Leadership } from './leadership.js'
import type { ChildOptions, OpenOptions, ProcessOptions } from './open-options.js'
import type { Sample } from './sample.js'

/** How long to wait, and what for. */
export interface Waiting {
  /** Milliseconds. Default: `timing.arrive`. */
  readonly within?: number
  /** For the failure: `all 100 to be acked`. */
  readonly what: string
}

/** How a consumer at the adapter's own level is opened. */
export interface ConsumerOptions extends ProcessOptions {
  /** Milliseconds. Default: `timing.lease`. */
  readonly lease?: number
  /** The most that it will hold. Default: 256. */
  readonly window?: number
  /** Default: a connection of its own, as a process of its own would have. */
  readonly connection?: Connection
  /** Which consumer of its process it is, for the how manieth time. Default: one that replaces nobody. */
  readonly consumer?: ConsumerGeneration
}

/**
 * What a case is given. Everything that it opens is recorded, shares one store that nobody else uses, and is closed by
 * itself; when the case has ended, its history is judged. Every broker and every consumer has an identity of its own, as if it
 * lived in a process of its own.
 *
 * Time is virtual where the target allows it and real otherwise: a case is written once. It never names a duration
 * but by `timing` and `capabilities`, and never waits but by `until`, `elapse`, `silence`, or by awaiting a call.
 *
 * @example
 * ```ts
 * import type { CaseContext } from '@pluribus/conformance'
 *
 * const run = async (it: CaseContext) => {
 *   const orders = it.topic()
 *   const seen = await it.collect(await it.open(), orders.subscription('billing'))
 *   await it.publish(orders, 3)
 *   await it.until(() => seen.acked.length === 3, { what: 'three messages to be acked' })
 * }
 * ```
 */
export interface CaseContext {
  /** What the connected server gives. */
  readonly capabilities: Capabilities
  readonly server: ServerInfo
  /** What errors call the adapter. */
  readonly adapter: string
  /** The least that the adapter has to claim. */
  readonly required: Required
  readonly timing: Timing
  /** Whether waiting costs nothing. A case that waits longer than `timing` names is blocked where it is not so. */
  readonly isVirtual: boolean
  readonly clock: Clock
  /** What has happened so far. */
  readonly history: History
  /** A number from 0 inclusive to 1 exclusive: the same ones for the same seed. */
  random(): number
  /** How many messages to use where the case would use `n`: the run's scale decides. At least 10, or `n` where that is less. */
  size(n: number): number

  /** A topic that nobody else uses. Its subscriptions have as much of the default ladder as the adapter can delay and hold. */
  topic<T = Sample>(options?: TopicOptions<T>): Topic<T>
  /** The same under a name of the case's own: that of one of its topics, or one that begins with it. */
  topicCalled<T = Sample>(name: string, options?: TopicOptions<T>): Topic<T>
  /** A broker: another process on the same store. */
  open(options?: OpenOptions): Promise<Broker>
  /** A broker whose link can be cut, hung and killed, as seen from the client. */
  openBreakable(options?: OpenOptions): Promise<readonly [Broker, UnreliableAdapter]>
  /** A broker that has not been opened: for cases about opening. Nothing closes it by itself. */
  brokerOptions(): Promise<BrokerOptions>
  /** A connection of the adapter's: with an identity of its own, or as another connection of the same process as `like`. */
  connect(options?: { readonly like?: Connection }): Promise<Connection>

  /** Publishes `{ n: 1 }` to `{ n: count }` in one batch, from a broker that the case shares; answers their ids. */
  publish(topic: Topic<Sample>, count: number, options?: (n: number) => PublishOptions): Promise<readonly string[]>
  /** Subscribes a handler that records what it is given. */
  collect<T>(
    broker: Broker,
    subscription: Subscription<T>,
    behaviour?: Behaviour<T>,
    options?: SubscribeOptions,
  ): Promise<Collector>
  /** Opens a source of the subscription, on a connection of its own: for cases about settling, leases and tokens. */
  consume(subscription: Subscription<unknown>, options?: ConsumerOptions): Promise<Consumer>
  /** Something that handlers can wait at. */
  gate(): Gate

  /** Waits for a condition; looked at whenever something happens, and now and then. Fails when it does not come about. */
  until(condition: () => boolean, waiting: Waiting): Promise<void>
  /** Lets time pass, in milliseconds. */
  elapse(ms: number): Promise<void>
  /** Fails when the collector is given anything more. Proved by a fence behind everything where the order allows one. */
  silence(collector: Collector, ...beside: readonly Collector[]): Promise<void>

  /** Moves the wall clock alone, as an administrator or NTP would. Needs `virtual-time`. */
  jumpWall(ms: number): void
  /** The link between the case and the broker. Needs `proxy`. It is healed when the case has ended. */
  readonly link: Link
  /** The broker's process. Needs `broker`. It is started and resumed when the case has ended. */
  readonly broker: BrokerControl
  /** Which of the processes of its own leads the store. Needs `leader`. */
  readonly leadership: Leadership
  /** A client that is not ours. Needs `raw`. */
  raw(): Promise<RawClient>
  /** A process of its own with one broker. Needs `children`. It is killed when the case has ended. */
  child(options?: ChildOptions): Promise<Actor>
  /** A broker whose store fails when it is told to. Needs `store`. */
  openOnFailingStore(options?: OpenOptions): Promise<readonly [Broker, StoreFaults]>

  /** The call rejects with this code; answers the error. */
  rejects(code: ErrorCode, call: () => Promise<unknown>): Promise<PluribusError>
  /** The call is refused for want of a capability, by an error that names it and the adapter, and nothing was done. */
  refuses(capability: keyof Capabilities, call: (broker: Broker) => Promise<unknown>): Promise<void>
  /** The case is about something that this adapter does not have and that no capability tells, such as leases. */
  skip(reason: string): never
  /** The case cannot be run here. */
  blocked(reason: string): never
  /** The case has run and shows nothing. */
  inconclusive(reason: string): never
}
