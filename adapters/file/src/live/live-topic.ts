import type { TopicModel } from '../model/topic-model.js'
import type { LiveSubscription } from './live-subscription.js'

/** One topic at work: what it has given out and the log does not know yet. */
export class LiveTopic {
  readonly model: TopicModel
  /** Position of the next message. */
  next: number
  /** Supplied ids that are on their way to the disk, and what they wait for. */
  readonly underway = new Map<string, Promise<unknown>>()
  /** For the loop that publishing runs. */
  subscriptions: readonly LiveSubscription[] = []

  constructor(model: TopicModel) {
    this.model = model
    this.next = model.index.end
  }
}
