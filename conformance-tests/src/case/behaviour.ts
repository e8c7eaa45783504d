import type { Context, Message, Outcome } from '@pluribus/core'

/** How a collector behaves: what the handler does with each run. Default: it acks. */
export type Behaviour<T> = (
  message: Message<T>,
  context: Context,
) => undefined | void | Outcome | Promise<undefined | void | Outcome>

/** Fails the first run of each message, or of each that `picks` picks. */
export const failOnce =
  <T>(picks: (message: Message<T>) => boolean = () => true): Behaviour<T> =>
  (message, { attempt }) => {
    if (attempt === 1 && picks(message)) throw new Error('once')
  }

/** Fails every run of each message, or of each that `picks` picks. */
export const failAlways =
  <T>(picks: (message: Message<T>) => boolean = () => true): Behaviour<T> =>
  message => {
    if (picks(message)) throw new Error('always')
  }

/** What a handler returns that never ends. */
export const never = new Promise<undefined>(() => {})
