import type { OutgoingMessage, Start, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import { startNotFound } from '@pluribus/core/driver'
import { PendingCounts } from '@pluribus/queue'
import { Deduplication } from './deduplication.js'
import { subscriptionNotFound } from './errors.js'
import { MessageLog } from './message-log.js'
import { RetentionRule } from './retention.js'
import { MemorySubscription } from './subscription.js'

/** One topic as it is stored: its log, and a queue of positions in that log for each subscription. */
export class MemoryTopic {
  spec: TopicSpec
  readonly log = new MessageLog()
  readonly retention: RetentionRule
  readonly #pending = new PendingCounts()
  readonly #ids = new Deduplication()
  readonly #subscriptions = new Map<string, MemorySubscription>()
  /** The same ones, for the loop that publishing runs. */
  #all: readonly MemorySubscription[] = []
  /** Stored since the last {@link announce}. */
  #unannounced = 0

  constructor(spec: TopicSpec) {
    this.spec = spec
    this.retention = new RetentionRule(this.log, this.#pending, spec.retention)
  }

  /**
   * Stores a message and adds it to every subscription; {@link announce} is to follow. False where it is a duplicate.
   *
   * @param now By the monotonic clock, here as below.
   * @param time In milliseconds since the epoch, here as below.
   */
  store(message: OutgoingMessage, now: number, time: number): boolean {
    if (message.idSupplied && !this.#ids.admit(message.id, now)) return false
    const due = message.delay > 0 ? now + message.delay : 0
    const position = this.log.append(message, time, due)
    const subscriptions = this.#all
    this.#pending.add(position, subscriptions.length)
    for (let index = 0; index < subscriptions.length; index++) subscriptions[index]?.queue.add(position, due, now)
    this.retention.stored(position)
    this.#unannounced++
    return true
  }

  /** Wakes who waits for what was stored, once for a batch; and sweeps, where housekeeping would come too late. */
  announce(now: number, time: number): void {
    const count = this.#unannounced
    this.#unannounced = 0
    if (count === 0) return
    for (const subscription of this.#all) subscription.consumers.stir(count, now)
    if (this.retention.overdue) this.retention.sweep(time)
  }

  find(name: string): MemorySubscription | undefined {
    return this.#subscriptions.get(name)
  }

  /** @throws PluribusError `NOT_FOUND`. */
  subscription(name: string): MemorySubscription {
    const found = this.#subscriptions.get(name)
    if (found === undefined) throw subscriptionNotFound({ topic: this.spec.name, name })
    return found
  }

  subscriptions(): readonly MemorySubscription[] {
    return this.#all
  }

  /**
   * Creates a subscription and fills it from where it starts. Nothing can be published in between, so it misses nothing
   * and gets nothing twice. What was delayed stands where it would if the subscription had been there all along.
   *
   * @throws PluribusError `NOT_FOUND` where it starts at an id that is not there.
   */
  subscribe(spec: SubscriptionSpec, now: number): void {
    const start = this.positionOf(spec.from)
    const subscription = new MemorySubscription(spec, this.log, position => this.#pending.done(position))
    this.#fill(subscription, start, now)
    this.#subscriptions.set(spec.name, subscription)
    this.#all = [...this.#subscriptions.values()]
  }

  /** Deletes a subscription with all that waits in it, and ends its sources. False where there is none. */
  unsubscribe(name: string, now: number): boolean {
    const subscription = this.#subscriptions.get(name)
    if (subscription === undefined) return false
    this.#subscriptions.delete(name)
    this.#all = [...this.#subscriptions.values()]
    // Ended first: closing a source gives its deliveries back, and what it held must be counted once.
    subscription.consumers.end(subscriptionNotFound(subscription.spec), now)
    for (const position of subscription.queue.pending()) this.#pending.done(position)
    return true
  }

  /** The position a start means. @throws PluribusError `NOT_FOUND` where it is an id that is not there. */
  positionOf(start: Start): number {
    if (start === 'earliest') return 1
    if (start === 'latest') return this.log.end
    if ('time' in start) return this.log.since(start.time)
    const position = this.log.positionOf(start.id)
    if (position < 0) throw startNotFound(this.spec.name, start.id)
    return position
  }

  /** Adds what is in the log from a position on. */
  #fill(subscription: MemorySubscription, start: number, now: number): void {
    const { log } = this
    // The log knows when a message was stored by the wall clock, and queues go by the monotonic one. A delayed message
    // tells both; before the first of them it does not matter when it was.
    let offset = Number.NEGATIVE_INFINITY
    for (let at = log.next(start); at < log.end; at = log.next(at + 1)) {
      const due = log.dueOf(at)
      const time = log.timeOf(at)
      if (due > 0) offset = due - (log.get(at) as OutgoingMessage).delay - time
      this.#pending.add(at, 1)
      // Not later than now: a wall clock that was put forward must not make anything due.
      subscription.queue.add(at, due, Math.min(time + offset, now))
    }
  }

  /** Retention and de-duplication. */
  maintain(now: number, time: number): void {
    this.retention.sweep(time)
    this.#ids.purge(now)
  }
}
