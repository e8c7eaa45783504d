import { queueDiscipline } from '@pluribus/core/driver'
import { Consumers, DeliveryQueue } from '@pluribus/queue'
import type { SubscriptionModel } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'
import { type Holders, restoredFrom } from './restored.js'

/**
 * One subscription at work: the order and state of its deliveries, and who consumes it. It is made from the model when the folder is
 * opened, and is ahead of it by what is on its way to the disk.
 */
export class LiveSubscription {
  readonly topic: TopicModel
  readonly model: SubscriptionModel
  readonly queue: DeliveryQueue
  readonly consumers: Consumers

  constructor(topic: TopicModel, model: SubscriptionModel, holders: Holders) {
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
      restoredFrom(topic, model, holders),
    )
    this.consumers = new Consumers(this.queue)
  }
}
