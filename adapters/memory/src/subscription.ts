import {
  appendErrors,
  type ErrorRecord,
  type QueueDiscipline,
  queueDiscipline,
  type RejectSettlement,
  type SubscriptionSpec,
} from '@pluribus/core/driver'
import { Consumers, DeliveryQueue } from '@pluribus/queue'
import type { MessageLog } from './message-log.js'

/** What is known of a message that has failed or vanished here. Most messages have none. */
interface Trouble {
  losses: number
  errors: readonly ErrorRecord[]
}

/** Why a message is dead. The message itself stays in the log: a dead letter is pending. */
export interface Death {
  readonly reason: string
  readonly errors: readonly ErrorRecord[]
  readonly attempts: number
  readonly losses: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

const UNTROUBLED: Trouble = Object.freeze({ losses: 0, errors: Object.freeze([]) })

/**
 * One subscription as it is stored: the order and state of its deliveries (`@pluribus/queue`), and beside it what the
 * queue of numbers does not keep: errors, deaths, and who consumes it. Nobody else writes to it.
 */
export class MemorySubscription {
  spec: SubscriptionSpec
  readonly queue: DeliveryQueue
  readonly deaths = new Map<number, Death>()
  readonly consumers: Consumers
  readonly #troubles = new Map<number, Trouble>()

  /** `handled` is told of each message that is gone from here for good. */
  constructor(spec: SubscriptionSpec, log: MessageLog, handled: (position: number) => void) {
    this.spec = spec
    const discipline: QueueDiscipline = queueDiscipline(spec.discipline)
    this.queue = new DeliveryQueue({
      order: discipline.kind,
      bands: discipline.levels,
      keyOf: position => log.get(position)?.key,
      bandOf: position => discipline.band(log.get(position) ?? { priority: 0 }),
      handled: position => {
        if (this.#troubles.size > 0) this.#troubles.delete(position)
        handled(position)
      },
    })
    this.consumers = new Consumers(this.queue)
  }

  /** Notes how often a message has been lost, as a claim says. */
  troubled(position: number, losses: number): void {
    const trouble = this.#troubles.get(position)
    if (trouble === undefined) this.#troubles.set(position, { losses, errors: UNTROUBLED.errors })
    else trouble.losses = losses
  }

  /** A failed run, to come back after `delay` milliseconds of the monotonic clock, which says `now`. False where the token is stale. */
  retry(token: number, delay: number, error: ErrorRecord, now: number): boolean {
    const position = this.queue.positionOf(token)
    if (!this.queue.retry(token, delay > 0 ? now + delay : 0)) return false
    const earlier = this.#troubles.get(position) ?? UNTROUBLED
    this.#troubles.set(position, {
      losses: 0,
      errors: appendErrors(earlier.errors, [error]),
    })
    return true
  }

  /** A death at a time (milliseconds since the epoch). False where the token is stale. */
  reject({ token, reason, attempts, errors: latest }: RejectSettlement, time: number): boolean {
    const position = this.queue.reject(token as number)
    if (position < 0) return false
    const { losses, errors } = this.#troubles.get(position) ?? UNTROUBLED
    this.deaths.set(position, { reason, errors: appendErrors(errors, latest), attempts, losses, time })
    this.#troubles.delete(position)
    return true
  }

  /** Back to the tail, with everything forgotten. */
  redrive(position: number, now: number): boolean {
    this.deaths.delete(position)
    return this.queue.redrive(position, now)
  }

  /** Gone for good. */
  discard(position: number): boolean {
    this.deaths.delete(position)
    return this.queue.discard(position)
  }
}
