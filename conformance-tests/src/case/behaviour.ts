import type { Context, Message, Outcome } from '@pluribus/core'

/** How a collector behaves: what the handler does with each run. Default: it acks. */
export type Behaviour<T> = (
  message: Message<T>,
  context: Context,
) => undefined | void | Outcome | Promise<undefined | void | Outcome>
