import type { Message } from './message.js'
import type { Outcome } from './outcome.js'
import type { PublishItem, PublishOptions, Receipt } from './publish-options.js'
import type { PublishReport } from './publish-report.js'
import type { Topic } from './topic.js'

/**
 * What a handler knows of the delivery it handles.
 *
 * @example
 * ```ts
 * import type { Context } from '@pluribus/core'
 *
 * const isLast = (context: Context, attempts: number) => context.attempt === attempts
 * ```
 */
export interface Context {
  /** The subscription's name. */
  readonly subscription: string
  /** 1-based. */
  readonly attempt: number
  /** How often this message has vanished with a consumer since its last run that ended. */
  readonly losses: number
  /** Fires when the run has timed out, its lease was lost, or the broker closes without waiting longer. */
  readonly signal: AbortSignal
  /** Publishes as an effect of this message: the causation chain goes on. */
  publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt>
  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport>
}

/**
 * Handles one message: nothing returned is an ack, a throw is a failed run, an {@link Outcome} says it exactly.
 * A handler that returns synchronously is not awaited.
 *
 * @example
 * ```ts
 * import { type Handler, reject } from '@pluribus/core'
 *
 * const charge: Handler<{ customer?: string }> = message => (message.data.customer ? undefined : reject('NO_CUSTOMER'))
 * ```
 */
export type Handler<T> = (
  message: Message<T>,
  context: Context,
) => undefined | void | Outcome | Promise<undefined | void | Outcome>
