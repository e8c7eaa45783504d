import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { StoredMessage } from '../driver/message.js'

/** What is being handled: the cause of whatever is published meanwhile. */
export interface Cause {
  readonly stored: StoredMessage
}

const storage = new AsyncLocalStorage<Cause | undefined>()

/** The message whose handler is running here, if any. */
export const currentCause = (): Cause | undefined => storage.getStore()

/** Enters a cause, or none, for the rest of this synchronous stretch and everything it starts. */
export const enterCause = (cause: Cause | undefined): void => storage.enterWith(cause)

/**
 * Where the handlers of one consumer begin: each in the asynchronous context of whoever made this, with its own cause entered. To
 * enter a cause on top of the one before costs more than twice as much: Node copies the map that holds it.
 */
export class CauseScope<C extends Cause> {
  readonly #resource = new AsyncResource('PluribusHandler', { requireManualDestroy: true })
  readonly #begin: (cause: C) => unknown

  constructor(begin: (cause: C) => unknown) {
    this.#begin = cause => {
      enterCause(cause)
      return begin(cause)
    }
  }

  /** Begins with this cause; when it returns, or throws, the context is what it was before. */
  begin(cause: C): unknown {
    return this.#resource.runInAsyncScope(this.#begin, undefined, cause)
  }
}
