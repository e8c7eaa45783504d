import { AsyncLocalStorage } from 'node:async_hooks'
import type { StoredMessage } from '../driver/message.js'

/** What is being handled: the cause of whatever is published meanwhile. */
export interface Cause {
  readonly stored: StoredMessage
}

const storage = new AsyncLocalStorage<Cause | undefined>()

/** The message whose handler is running here, if any. */
export const currentCause = (): Cause | undefined => storage.getStore()

/**
 * Enters a cause for the rest of this synchronous stretch and everything it starts. Half the cost of `run`; whoever is in a
 * stretch that is not its own restores what was there before with a last call.
 */
export const enterCause = (cause: Cause | undefined): void => storage.enterWith(cause)
