import { setTimeout as sleep } from 'node:timers/promises'
import { isPluribusError } from '@pluribus/core'

const WAIT_MS = 10

/**
 * Does something until a broker that is full, or away for a moment, no longer refuses it. What is done again has to come to
 * the same: looking does, and so does publishing under the same ids.
 */
export async function patiently<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (!isPluribusError(error) || !error.retryable || signal?.aborted) throw error
      await sleep(WAIT_MS)
    }
  }
}
