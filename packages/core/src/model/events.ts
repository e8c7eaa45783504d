import type { SettingChange } from '../driver/spec.js'
import type { ErrorRecord } from '../errors/error-record.js'
import type { PluribusError } from '../errors/pluribus-error.js'

/**
 * Which delivery an event is about.
 *
 * @example
 * ```ts
 * import type { DeliveryEvent } from '@pluribus/core'
 *
 * const line = (event: DeliveryEvent) => `${event.topic}/${event.subscription} ${event.id} #${event.attempt}`
 * ```
 */
export interface DeliveryEvent {
  readonly topic: string
  readonly subscription: string
  readonly id: string
  readonly key: string | undefined
  readonly attempt: number
}

/**
 * A delivery whose run is over.
 *
 * @example
 * ```ts
 * import type { EndedDeliveryEvent } from '@pluribus/core'
 *
 * const isSlow = ({ duration }: EndedDeliveryEvent) => duration !== undefined && duration > 1_000
 * ```
 */
export interface EndedDeliveryEvent extends DeliveryEvent {
  /**
   * How long its handler ran, in milliseconds; without a handler's run, and where the run has outlived its connection,
   * `undefined`. Of a handler that fails before it returns a promise it is known only while somebody listens to `delivery.acked`.
   */
  readonly duration: number | undefined
}

/**
 * What a broker tells its observers. Each is also published on the `diagnostics_channel` named `pluribus:` and the event.
 *
 * @example
 * ```ts
 * import type { Broker } from '@pluribus/core'
 *
 * const watch = (broker: Broker) => broker.on('delivery.dead', event => console.error(event.id, event.reason))
 * ```
 */
export interface BrokerEvents {
  'connection.up': { readonly generation: number; readonly endpoint: string }
  'connection.down': { readonly generation: number; readonly error: PluribusError }
  /** An attempt to connect has failed; the next one comes after `delay` milliseconds. */
  'connection.failed': { readonly error: PluribusError; readonly delay: number }
  'message.published': { readonly topic: string; readonly id: string; readonly duplicate: boolean }
  'message.failed': { readonly topic: string; readonly id: string; readonly error: PluribusError }
  'consumer.up': { readonly topic: string; readonly subscription: string; readonly generation: number }
  'consumer.down': { readonly topic: string; readonly subscription: string; readonly error: PluribusError }
  /** It was closed, and starts no further handlers. */
  'consumer.closed': { readonly topic: string; readonly subscription: string }
  'delivery.started': DeliveryEvent
  'delivery.acked': EndedDeliveryEvent
  /** A failed run that will be tried again after `delay` milliseconds. */
  'delivery.retried': EndedDeliveryEvent & { readonly delay: number; readonly error: ErrorRecord }
  'delivery.dead': EndedDeliveryEvent & { readonly reason: string; readonly error: ErrorRecord | undefined }
  'delivery.released': EndedDeliveryEvent
  /**
   * Its run has ended, and the connection broke before the broker confirmed that: either it has taken effect, or the message
   * comes back, here or elsewhere. `error`: why it had failed, if it had.
   */
  'delivery.unconfirmed': EndedDeliveryEvent & { readonly error: ErrorRecord | undefined }
  /** The broker took the delivery away; whatever its handler does no longer counts. */
  'delivery.lost': DeliveryEvent
  /** A settle came too late; the broker has changed nothing. */
  'delivery.stale': DeliveryEvent
  /** The message has been lost before: it is marked, and run alone. */
  'delivery.suspect': DeliveryEvent & { readonly losses: number; readonly marks: number }
  /** A handler outlived its timeout and its grace; its slot has been taken from it, and it may still be running. */
  'handler.abandoned': DeliveryEvent
  'setting.changed': SettingChange
}
