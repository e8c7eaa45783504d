import type { Adapter, Delivery } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'

/** An adapter that hands out something else. */
export const mapDeliveries = (inner: Adapter, change: (delivery: Delivery) => Delivery): Adapter =>
  decorate(inner, {
    source: source => ({
      async pull(max) {
        const pulled = await source.pull(max)
        return { ...pulled, deliveries: pulled.deliveries.map(change) }
      },
    }),
  })
