import { type Adapter, NO_EXCEPTIONS } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { LAG } from './lag.js'

/** Batches of which that is so are confirmed at once and stored a little later; what still waits when a process closes is lost. */
export function writingBehind(inner: Adapter, isLate: (batch: readonly unknown[]) => boolean): Adapter {
  const waiting = new Set<unknown>()
  return decorate(inner, {
    publisher: (publisher, { timers }) => ({
      async publish(batch) {
        if (!isLate(batch)) return publisher.publish(batch)
        const timer = timers.setTimeout(() => {
          waiting.delete(timer)
          void publisher.publish(batch)
        }, LAG)
        waiting.add(timer)
        return NO_EXCEPTIONS
      },
    }),
    connection: (connection, { timers }) => ({
      close() {
        for (const timer of waiting) timers.clearTimeout(timer)
        return connection.close()
      },
    }),
  })
}
