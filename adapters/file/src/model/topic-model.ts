import type { TopicSpec } from '@pluribus/core/driver'
import { PendingCounts } from '@pluribus/queue'
import { head } from '../format/message-head.js'
import { MessageIndex } from './message-index.js'
import { OneOfEach } from './one-of-each.js'
import { Places } from './places.js'
import { SeenIds } from './seen-ids.js'
import type { SubscriptionModel } from './subscription-model.js'

/** One topic as the log has it. */
export class TopicModel {
  readonly number: number
  spec: TopicSpec
  readonly index = new MessageIndex()
  /** How many subscriptions have a message still to handle. */
  readonly pending = new PendingCounts()
  readonly places = new Places()
  readonly ids: SeenIds
  readonly subscriptions = new Map<string, SubscriptionModel>()
  /** So that equal keys are kept once. */
  readonly keys = new OneOfEach()

  /** @param window Milliseconds for which supplied ids are remembered. */
  constructor(number: number, spec: TopicSpec, window: number) {
    this.number = number
    this.spec = spec
    this.ids = new SeenIds(window)
  }

  /** A message was published. `clock` and `size`: as its head has them. */
  store(sequence: number, bytes: Buffer, clock: number, size: number): void {
    const position = head.position(bytes)
    const due = head.due(bytes)
    this.pass(clock, position)
    if (due > 0) this.places.schedule(position, due)
    if (head.isSupplied(bytes)) this.ids.add(head.id(bytes), clock)
    this.index.add(position, {
      sequence,
      time: head.stored(bytes),
      size,
      due,
      key: this.keys.one(head.key(bytes)),
      priority: head.priority(bytes),
    })
    this.pending.add(position, this.subscriptions.size)
    for (const subscription of this.subscriptions.values()) subscription.pending.add(position)
  }

  /** One subscription is done with a message. */
  done(position: number): void {
    this.pending.done(position)
  }

  /** Time has passed: what is due by now has its place, before the message with the position `next`. */
  pass(clock: number, next: number): void {
    this.places.pass(clock, next, position => this.index.has(position))
  }

  delete(position: number): void {
    this.index.delete(position)
    this.places.forget(position)
  }
}
