import type { Logger } from '../../driver/environment.js'
import type { SubscriptionSpec } from '../../driver/spec.js'
import type { Delivery } from '../../driver/subscriber.js'
import type { PluribusError } from '../../errors/pluribus-error.js'
import type { BrokerEvents, DeliveryEvent } from '../../model/events.js'
import type { Emitter } from '../emitter.js'
import type { Ended } from './settlements.js'

/** Tells observers what becomes of deliveries; asks once per pump whether anybody listens to the frequent events. */
export class ConsumerReporter {
  readonly #emitter: Emitter
  readonly #spec: SubscriptionSpec
  readonly #logger: Logger
  #wantsStarted = false

  constructor(emitter: Emitter, spec: SubscriptionSpec, logger: Logger) {
    this.#emitter = emitter
    this.#spec = spec
    this.#logger = logger
  }

  refresh(): void {
    this.#wantsStarted = this.#emitter.wants('delivery.started')
  }

  started(delivery: Delivery): void {
    if (this.#wantsStarted) this.#emitter.emit('delivery.started', this.#of(delivery))
  }

  settled(acked: readonly Delivery[], others: readonly Ended[]): void {
    if (acked.length > 0 && this.#emitter.wants('delivery.acked')) {
      for (const delivery of acked) this.#emitter.emit('delivery.acked', this.#of(delivery))
    }
    for (const ended of others) this.#otherSettled(ended)
  }

  unconfirmed(delivery: Delivery): void {
    this.#emitter.emit('delivery.unconfirmed', this.#of(delivery))
  }

  stale(delivery: Delivery): void {
    this.#emitter.emit('delivery.stale', this.#of(delivery))
  }

  lost(delivery: Delivery): void {
    this.#emitter.emit('delivery.lost', this.#of(delivery))
  }

  suspect(delivery: Delivery): void {
    const { losses, marks } = delivery
    this.#emitter.emit('delivery.suspect', { ...this.#of(delivery), losses, marks })
  }

  abandoned(delivery: Delivery): void {
    const event = this.#of(delivery)
    this.#logger.warn(event, 'A handler has outlived its timeout and its grace; it may still be running.')
    this.#emitter.emit('handler.abandoned', event)
  }

  up(generation: number): void {
    this.#emitter.emit('consumer.up', { topic: this.#spec.topic, subscription: this.#spec.name, generation })
  }

  down(error: PluribusError): void {
    this.#emitter.emit('consumer.down', { topic: this.#spec.topic, subscription: this.#spec.name, error })
  }

  #otherSettled({ delivery, verdict }: Ended): void {
    const event = this.#of(delivery)
    if (verdict.kind === 'retry') {
      this.#logger.debug({ ...event, delay: verdict.delay, error: verdict.error }, 'A run has failed.')
      this.#emitter.emit('delivery.retried', { ...event, delay: verdict.delay, error: verdict.error })
    } else if (verdict.kind === 'reject') {
      this.#dead({ ...event, reason: verdict.reason, error: verdict.errors.at(-1) })
    } else if (verdict.kind === 'release') this.#emitter.emit('delivery.released', event)
  }

  /** What a handler has rejected by itself is its own business; what died of failures must not go unseen. */
  #dead(event: BrokerEvents['delivery.dead']): void {
    if (event.error === undefined) this.#logger.info(event, 'A handler has rejected a message.')
    else this.#logger.warn(event, 'A message has died; it is among the dead letters of its subscription.')
    this.#emitter.emit('delivery.dead', event)
  }

  #of({ message, attempt }: Delivery): DeliveryEvent {
    return { topic: message.topic, subscription: this.#spec.name, id: message.id, key: message.key, attempt }
  }
}
