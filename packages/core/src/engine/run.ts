import type { StoredMessage } from '../driver/message.js'
import type { Delivery } from '../driver/subscriber.js'
import type { Context } from '../model/handler.js'
import type { PublishItem, PublishOptions, Receipt } from '../model/publish-options.js'
import type { PublishReport } from '../model/publish-report.js'
import type { Topic } from '../model/topic.js'
import type { Cause } from './chain.js'
import type { DeliveredMessage } from './delivered-message.js'

/** What a run publishes through: the broker, with the cause given. */
export interface CausedPublisher {
  publishCaused<In>(
    topic: Topic<In, unknown>,
    data: In,
    options: PublishOptions | undefined,
    cause: Cause,
  ): Promise<Receipt>
  publishManyCaused<In>(
    topic: Topic<In, unknown>,
    items: Iterable<PublishItem<In>>,
    cause: Cause,
  ): Promise<PublishReport>
}

/**
 * How a run stands to the delivery it began with: it holds it; its source has ended and the message may come back here; or
 * the broker has taken it away.
 */
export type Tie = 'held' | 'orphaned' | 'lost'

/** One handler at work on one delivery; what the handler sees as its context. */
export class Run implements Context, Cause {
  readonly subscription: string
  readonly stored: StoredMessage
  readonly attempt: number
  readonly losses: number
  readonly message: DeliveredMessage<unknown>
  readonly #publisher: CausedPublisher
  #controller: AbortController | undefined
  #aborted: unknown
  /** The delivery it will be settled under: replaced when the message comes back to this process under a new token. */
  delivery: Delivery
  tie: Tie = 'held'
  /** Takes part in the count of free slots; a run without one has ended, or was abandoned. */
  hasSlot = true
  /** Why this attempt has failed although the handler has not ended: its timeout. */
  failure: unknown
  /** Its end is neither success nor failure any more: the message is given back. */
  isForsaken = false
  /** Where it is listed while it runs asynchronously. */
  list: { remove(run: Run): void } | undefined
  /** Monotonic milliseconds. */
  startedAt = 0
  /** Neighbours in the list of what runs. */
  previous: Run | undefined
  next: Run | undefined

  constructor(
    delivery: Delivery,
    subscription: string,
    message: DeliveredMessage<unknown>,
    publisher: CausedPublisher,
  ) {
    this.subscription = subscription
    this.stored = delivery.message
    this.attempt = delivery.attempt
    this.losses = delivery.losses
    this.message = message
    this.delivery = delivery
    this.#publisher = publisher
  }

  /** Made when first read: most handlers never look. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.isAborted) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  get isAborted(): boolean {
    return this.#aborted !== undefined
  }

  abort(reason: unknown): void {
    if (this.isAborted) return
    this.#aborted = reason
    this.#controller?.abort(reason)
  }

  publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt> {
    return this.#publisher.publishCaused(topic, data, options, this)
  }

  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport> {
    return this.#publisher.publishManyCaused(topic, items, this)
  }
}
