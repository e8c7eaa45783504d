import { isPluribusError } from '@pluribus/core'
import type { CaseContext } from './context.js'
import { check } from './expect.js'

/** Publishes under an id of its own until it is told to be stored: what is unknown is published again. */
export async function persistently(it: CaseContext, publish: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await publish()
      return
    } catch (error) {
      check(isPluribusError(error) && error.retryable, `a publish has failed for good: ${String(error)}`)
      await it.elapse(it.timing.delay / 10)
    }
  }
}
