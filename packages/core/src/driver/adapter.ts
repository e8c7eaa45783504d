import type { ErrorCode } from '../errors/codes.js'
import type { Capabilities } from './capabilities.js'
import type { Environment } from './environment.js'
import type { Persistence } from './persistence.js'
import type { Publisher } from './publisher.js'
import type { SettingChange, SubscriptionSpec, TopicSpec } from './spec.js'
import type { Subscriber } from './subscriber.js'

/**
 * The server behind a connection.
 *
 * @example
 * ```ts
 * import type { ServerInfo } from '@pluribus/core'
 *
 * const server: ServerInfo = { product: 'redis', version: '7.0.15', endpoint: 'redis://localhost:6379' }
 * ```
 */
export interface ServerInfo {
  readonly product: string
  readonly version: string
  /** Where it is, without secrets. */
  readonly endpoint: string
}

/**
 * What a connection tells core.
 *
 * @example
 * ```ts
 * import type { ConnectionEvents } from '@pluribus/core/driver'
 *
 * const onClose = (events: ConnectionEvents) => () => events.lost(new Error('The socket was closed.'))
 * ```
 */
export interface ConnectionEvents {
  /**
   * The link is broken; nothing more is asked of this connection or of its sources but `close`. Called at most once, and not
   * before `connect` has resolved: an attempt that breaks rejects.
   */
  lost(cause: unknown): void
}

/**
 * One generation of the link to a broker: replaced when it breaks, never mended. Rejections are native errors; core
 * passes them to {@link Adapter.classify}.
 *
 * @example
 * ```ts
 * import type { Connection } from '@pluribus/core/driver'
 *
 * const describe = ({ server }: Connection) => `${server.product} ${server.version}`
 * ```
 */
export interface Connection {
  readonly server: ServerInfo
  /** What this server really gives: the adapter's, or less. */
  readonly capabilities: Capabilities
  /**
   * Creates what is missing, and stores where a new subscription starts. Idempotent. Rejects with `CONFLICT` where a stored
   * discipline, its levels or the partitions differ; overwrites every other setting and answers which.
   */
  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]>
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly persistence: Persistence
  /** Housekeeping (retention, forwarding what is due); answers in how many milliseconds it wants to be called again. */
  maintain?(): Promise<number>
  /**
   * Ends the connection and its sources. Gives nothing back: core closes the sources whose deliveries are free for others,
   * and what the rest hold is for their consumers' next generations, or until the leases end. Works on a broken link too.
   */
  close(): Promise<void>
}

/**
 * How native errors read in our words.
 *
 * @example
 * ```ts
 * import type { Classified } from '@pluribus/core/driver'
 *
 * const unknown: Classified = { code: 'UNKNOWN', retryable: false }
 * ```
 */
export interface Classified {
  readonly code: ErrorCode
  readonly retryable: boolean
}

/**
 * A kind of broker, configured: what `createBroker` is given.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import type { Adapter } from '@pluribus/core/driver'
 *
 * const open = (adapter: Adapter) => createBroker({ adapter })
 * ```
 */
export interface Adapter {
  readonly name: string
  /** The best case; frozen. */
  readonly capabilities: Capabilities
  /** One attempt. Core retries, and closes what it no longer wants. */
  connect(environment: Environment, events: ConnectionEvents): Promise<Connection>
  /** The only place that reads native errors. Unknown ones are not retryable. */
  classify(error: unknown): Classified
}
