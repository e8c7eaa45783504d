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
   * before `connect` has resolved: an attempt that breaks rejects. Whoever notices has to say it: a call that rejects
   * breaks nothing. A broker without a link, such as a file, never does.
   */
  lost(cause: unknown): void
}

/**
 * One generation of the link to a broker: replaced when it breaks, never mended. Rejections are native errors, or a
 * {@link PluribusError} where the contract names its code; core passes both to {@link Adapter.classify}.
 *
 * What rejects is tried again on the same connection, after a pause that grows: `pull`, `settle`, `renew` and `maintain`
 * whatever the error, `connect`, `declare` and `open` where it is retryable (once they have succeeded, always), `publish` where
 * it is retryable and every message of the batch would be recognised. What is unanswered for 10 s breaks the connection.
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
   * Creates what is missing, and stores where a new subscription starts. Idempotent; all or nothing. Rejects with `CONFLICT`
   * where a stored discipline's kind, its levels or the partitions differ, and with `NOT_FOUND` where a subscription's topic is
   * neither stored nor among `topics`, or a new one starts at an id that is not there. Overwrites every other setting, `from`
   * excepted, and answers which: `retention` of a topic; `discipline`, `retry`, `timeout` and `grace` of a subscription, each
   * as a whole.
   */
  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]>
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly persistence: Persistence
  /**
   * Housekeeping (retention, forwarding what is due); answers in how many milliseconds it wants to be called again. Every
   * process calls it, so that two may be at it at once.
   */
  maintain?(): Promise<number>
  /**
   * Ends the connection and its sources. Gives nothing back: core closes the sources whose deliveries are free for others,
   * and what the rest hold is for their consumers' next generations, or until the leases end. Nothing is told of its sources
   * from then on, and nobody closes them: what they listen to ends here. Works on a broken link too.
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
  /**
   * The only place that reads native errors. Unknown ones are not retryable. An error for which `isPluribusError` holds
   * was thrown by the adapter itself: it has its `code` and whether it is `retryable`.
   */
  classify(error: unknown): Classified
}
