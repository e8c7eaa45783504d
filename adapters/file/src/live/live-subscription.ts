import { queueDiscipline } from '@pluribus/core/driver'
import { DeliveryQueue, type Member, type Sleeper, StandingDemand, Succession } from '@pluribus/queue'
import type { SubscriptionModel } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'
import { restoredFrom } from './restored.js'

/** What an open source shows its subscription. */
export interface OpenSource extends Member {
  readonly sleeper: Sleeper
  /** The subscription was removed. */
  end(cause: unknown): void
}

/**
 * One subscription at work: the order and state of its deliveries, who waits, and who follows whom. It is made from the model when the
 * folder is opened, and is ahead of it by what is on its way to the disk.
 */
export class LiveSubscription {
  readonly topic: TopicModel
  readonly model: SubscriptionModel
  readonly queue: DeliveryQueue
  readonly demand = new StandingDemand()
  readonly succession: Succession
  readonly #sources = new Set<OpenSource>()

  /** @param numberOf The number of an instance. */
  constructor(topic: TopicModel, model: SubscriptionModel, numberOf: (instance: string) => number) {
    this.topic = topic
    this.model = model
    const { kind, levels, band } = queueDiscipline(model.spec.discipline)
    const { index } = topic
    this.queue = new DeliveryQueue(
      {
        order: kind,
        bands: levels,
        keyOf: position => index.keyOf(position),
        bandOf: position => band({ priority: index.priorityOf(position) }),
        // The model counts what is handled, when it is on the device.
        handled: () => {},
      },
      restoredFrom(topic, model, numberOf),
    )
    this.succession = new Succession(this.queue)
  }

  /** A source is open. Answers how many deliveries came over to it from the one before. */
  attach(source: OpenSource, now: number): number {
    this.#sources.add(source)
    this.demand.join(source.sleeper)
    const count = this.succession.enter(source, now)
    // What was leased ends at another time now.
    if (count > 0) this.stir(0, now)
    return count
  }

  /** A source wants nothing any more. It may have been woken for something that it has not pulled. */
  detach(source: OpenSource, now: number): void {
    this.#sources.delete(source)
    this.demand.leave(source.sleeper)
    this.stir(1, now)
  }

  /** The subscription is gone. */
  end(cause: unknown): void {
    for (const source of [...this.#sources]) source.end(cause)
  }

  /** To be called after whatever may have made up to `count` messages ready, or one due sooner than before. */
  stir(count: number, now: number): void {
    const { demand, queue } = this
    if (demand.asleep > 0 && queue.hasReady(now)) demand.wake(count)
    if (demand.asleep > 0) demand.due(queue.nextDue())
  }
}
