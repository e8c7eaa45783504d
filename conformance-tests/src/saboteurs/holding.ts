import type { Delivery, Settled, Source, Token } from '@pluribus/core/driver'
import { sourceLike } from '../history/decorate.js'

/** A source, and what it has handed out and not settled, by token. */
export interface Holding {
  readonly held: ReadonlyMap<Token, Delivery>
  readonly source: Source
}

/** Remembers what a source holds. */
export function holding(inner: Source): Holding {
  const held = new Map<Token, Delivery>()
  const source = sourceLike(inner, {
    async pull(max) {
      const pulled = await inner.pull(max)
      for (const delivery of pulled.deliveries) held.set(delivery.token, delivery)
      return pulled
    },
    settle(settled) {
      for (const token of settled.acks) held.delete(token)
      for (const { token } of settled.others) held.delete(token)
      return inner.settle(settled)
    },
  })
  return { held, source }
}

/** A source that settles what it holds when it is closed. */
export function settlingAtTheEnd(inner: Source, settled: (held: readonly Token[]) => Settled): Source {
  const { held, source } = holding(inner)
  return sourceLike(source, {
    async close() {
      await inner.settle(settled([...held.keys()]))
      await inner.close()
    },
  })
}
