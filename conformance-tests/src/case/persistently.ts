import { isPluribusError } from '@pluribus/core'
import type { CaseContext } from './context.js'
import { check } from './expect.js'

/** Publishes until it is told to be stored, and answers what it was told: what is unknown is published again. */
export async function persistently<T>(it: CaseContext, publish: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await publish()
    } catch (error) {
      check(isPluribusError(error) && error.retryable, `a publish has failed for good: ${String(error)}`)
      await it.elapse(it.timing.delay / 10)
    }
  }
}
