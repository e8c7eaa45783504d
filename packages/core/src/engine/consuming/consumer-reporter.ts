import type { Environment } from '../../driver/environment.js'
import type { SubscriptionSpec } from '../../driver/spec.js'
import type { Delivery } from '../../driver/subscriber.js'
import type { PluribusError } from '../../errors/pluribus-error.js'
import type { BrokerEvents, DeliveryEvent, EndedDeliveryEvent } from '../../model/events.js'
import type { Emitter } from '../emitter.js'
import type { Verdict } from './policy.js'
import type { Run } from './run.js'
import type { Ended } from './settlements.js'

/** Tells observers what becomes of deliveries; asks once per pump whether anybody listens to the frequent events. */
export class ConsumerReporter {
  readonly #emitter: Emitter
  readonly #spec: SubscriptionSpec
  readonly #environment: Environment
  /** How long the runs of deliveries took that somebody will hear of, in milliseconds. */
  readonly #durations = new WeakMap<Delivery, number>()
  #wantsStarted = false
  #wantsAcked = false
  /** When the latest run began, monotonic, where that is looked at. */
  #startedAt: number | undefined

  constructor(emitter: Emitter, spec: SubscriptionSpec, environment: Environment) {
    this.#emitter = emitter
    this.#spec = spec
    this.#environment = environment
  }

  refresh(): void {
    this.#wantsStarted = this.#emitter.wants('delivery.started')
    this.#wantsAcked = this.#emitter.wants('delivery.acked')
  }

  started(delivery: Delivery): void {
    this.#startedAt = this.#wantsAcked ? this.#environment.clock.monotonic() : undefined
    if (this.#wantsStarted) this.#emitter.emit('delivery.started', this.#of(delivery))
  }

  /** A run is over. Nobody will ask how long it took where it has succeeded and nobody listens: nothing is looked at then. */
  ended(run: Run, { kind }: Verdict): void {
    if (kind === 'ack' && !this.#wantsAcked) return
    const now = this.#environment.clock.monotonic()
    // What ends before it is listed ends before the next one begins.
    const ran = run.ranFor(now) ?? (this.#startedAt === undefined ? undefined : now - this.#startedAt)
    if (ran !== undefined) this.#durations.set(run.delivery, Math.round(ran * 1_000) / 1_000)
  }

  settled(acked: readonly Delivery[], others: readonly Ended[]): void {
    if (acked.length > 0 && this.#emitter.wants('delivery.acked')) {
      for (const delivery of acked) this.#emitter.emit('delivery.acked', this.#ended(delivery))
    }
    for (const ended of others) this.#otherSettled(ended)
  }

  unconfirmed({ delivery, verdict }: Ended): void {
    const error =
      verdict.kind === 'retry' ? verdict.error : verdict.kind === 'reject' ? verdict.errors.at(-1) : undefined
    this.#emitter.emit('delivery.unconfirmed', { ...this.#ended(delivery), error })
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
    this.#environment.logger.warn(event, 'A handler has outlived its timeout and its grace; it may still be running.')
    this.#emitter.emit('handler.abandoned', event)
  }

  up(generation: number): void {
    this.#emitter.emit('consumer.up', { topic: this.#spec.topic, subscription: this.#spec.name, generation })
  }

  down(error: PluribusError): void {
    this.#emitter.emit('consumer.down', { topic: this.#spec.topic, subscription: this.#spec.name, error })
  }

  closed(): void {
    this.#emitter.emit('consumer.closed', { topic: this.#spec.topic, subscription: this.#spec.name })
  }

  #otherSettled({ delivery, verdict }: Ended): void {
    const event = this.#ended(delivery)
    if (verdict.kind === 'retry') {
      this.#environment.logger.debug({ ...event, delay: verdict.delay, error: verdict.error }, 'A run has failed.')
      this.#emitter.emit('delivery.retried', { ...event, delay: verdict.delay, error: verdict.error })
    } else if (verdict.kind === 'reject') {
      this.#dead({ ...event, reason: verdict.reason, error: verdict.errors.at(-1) })
    } else if (verdict.kind === 'release') this.#emitter.emit('delivery.released', event)
  }

  /** What a handler has rejected by itself is its own business; what died of failures must not go unseen. */
  #dead(event: BrokerEvents['delivery.dead']): void {
    const { logger } = this.#environment
    if (event.error === undefined) logger.info(event, 'A handler has rejected a message.')
    else logger.warn(event, 'A message has died; it is among the dead letters of its subscription.')
    this.#emitter.emit('delivery.dead', event)
  }

  #ended(delivery: Delivery): EndedDeliveryEvent {
    return { ...this.#of(delivery), duration: this.#durations.get(delivery) }
  }

  #of({ message, attempt }: Delivery): DeliveryEvent {
    return { topic: message.topic, subscription: this.#spec.name, id: message.id, key: message.key, attempt }
  }
}
