import type { Adapter, Settlement, Source } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'

/**
 * An adapter that confirms some settlements and stores them later: after as many milliseconds as `lag` answers, or at once
 * where it answers nothing. What has not been stored when the connection is closed is lost: its message is acked.
 */
export function heldBack(inner: Adapter, lag: (settlement: Settlement) => number | undefined): Adapter {
  const held = new Map<Settlement, { readonly source: Source; drop(): void }>()
  const lose = async (source?: Source) => {
    for (const [{ token }, one] of held) {
      if (source !== undefined && one.source !== source) continue
      one.drop()
      await one.source.settle({ acks: [token], others: [] })
    }
  }
  return decorate(inner, {
    source: (source, { timers }) => ({
      settle({ acks, others }) {
        const now = others.filter(other => {
          const ms = lag(other)
          if (ms === undefined) return true
          const timer = timers.setTimeout(() => {
            held.delete(other)
            void source.settle({ acks: [], others: [other.kind === 'retry' ? { ...other, delay: 0 } : other] })
          }, ms)
          const drop = () => {
            timers.clearTimeout(timer)
            held.delete(other)
          }
          held.set(other, { source, drop })
          return false
        })
        return source.settle({ acks, others: now })
      },
      async close() {
        await lose(source)
        await source.close()
      },
    }),
    connection: connection => ({
      async close() {
        await lose()
        await connection.close()
      },
    }),
  })
}
