import { isPluribusError } from '@pluribus/core'

/** Publishes until it is stored: right after an outage the first attempts may be refused. */
export async function publishedAgain<T>(publish: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await publish()
    } catch (error) {
      if (!isPluribusError(error, 'UNAVAILABLE') || error.outcome !== 'definite') throw error
    }
  }
}
