import type { StoredMessage } from '../../driver/message.js'
import type { Delivery } from '../../driver/subscriber.js'
import type { Context } from '../../model/handler.js'
import type { PublishItem, PublishOptions, Receipt } from '../../model/publish-options.js'
import type { PublishReport } from '../../model/publish-report.js'
import type { Topic } from '../../model/topic.js'
import type { Cause } from '../chain.js'
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

/** What all runs of one consumer share. */
export interface RunOwner {
  readonly subscription: string
  readonly publisher: CausedPublisher
}

/** What only a run that is not over at once, or whose signal is read, has need of. */
interface Course {
  controller: AbortController | undefined
  aborted: unknown
  /** Why this attempt has failed although the handler has not ended: its timeout. */
  failure: unknown
  /** Where it is listed while it runs asynchronously. */
  list: { remove(run: Run): void } | undefined
  /** Monotonic milliseconds, as it was listed; infinite before that is known. */
  startedAt: number
  /** Milliseconds that it had run when it was listed. */
  earlier: number
  /** Neighbours in the list of what runs. */
  previous: Run | undefined
  next: Run | undefined
}

/**
 * One handler at work on one delivery; what the handler sees as its context. Small, because there is one for each message;
 * whatever a synchronous handler has no use for is in its course.
 */
export class Run implements Context, Cause {
  readonly message: DeliveredMessage<unknown>
  readonly #owner: RunOwner
  #course: Course | undefined
  /** The delivery it will be settled under: replaced when the message comes back to this process under a new token. */
  delivery: Delivery
  tie: Tie = 'held'
  /** Takes part in the count of free slots; a run without one has ended, or was abandoned. */
  hasSlot = true
  /** Its end is neither success nor failure any more: the message is given back. */
  isForsaken = false

  constructor(delivery: Delivery, message: DeliveredMessage<unknown>, owner: RunOwner) {
    this.delivery = delivery
    this.message = message
    this.#owner = owner
    this.#course = undefined
  }

  get subscription(): string {
    return this.#owner.subscription
  }

  get stored(): StoredMessage {
    return this.delivery.message
  }

  get attempt(): number {
    return this.delivery.attempt
  }

  get losses(): number {
    return this.delivery.losses
  }

  get course(): Course {
    this.#course ??= {
      controller: undefined,
      aborted: undefined,
      failure: undefined,
      list: undefined,
      startedAt: Number.POSITIVE_INFINITY,
      earlier: 0,
      previous: undefined,
      next: undefined,
    }
    return this.#course
  }

  /** Why this attempt has failed although the handler has not ended: its timeout. */
  get failure(): unknown {
    return this.#course?.failure
  }

  /** Milliseconds that it has run at `now`, monotonic; `undefined` for one that ends before it is listed. */
  ranFor(now: number): number | undefined {
    const { startedAt = Number.POSITIVE_INFINITY, earlier = 0 } = this.#course ?? {}
    return startedAt === Number.POSITIVE_INFINITY ? undefined : earlier + now - startedAt
  }

  /** It no longer counts as running. */
  unlist(): void {
    this.#course?.list?.remove(this)
  }

  /** Made when first read: most handlers never look. */
  get signal(): AbortSignal {
    const { course } = this
    if (course.controller === undefined) {
      course.controller = new AbortController()
      if (course.aborted !== undefined) course.controller.abort(course.aborted)
    }
    return course.controller.signal
  }

  get isAborted(): boolean {
    return this.#course?.aborted !== undefined
  }

  abort(reason: unknown): void {
    const { course } = this
    if (course.aborted !== undefined) return
    course.aborted = reason
    course.controller?.abort(reason)
  }

  publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt> {
    return this.#owner.publisher.publishCaused(topic, data, options, this)
  }

  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport> {
    return this.#owner.publisher.publishManyCaused(topic, items, this)
  }
}
