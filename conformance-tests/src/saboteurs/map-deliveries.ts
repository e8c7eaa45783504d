import type { Adapter, Delivery, StoredMessage } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { handingOut } from './handing-out.js'
import { messageLike } from './message-like.js'

/** An adapter that hands out something else. */
export const mapDeliveries = (inner: Adapter, change: (delivery: Delivery) => Delivery): Adapter =>
  decorate(inner, { source: source => handingOut(source, deliveries => deliveries.map(change)) })

/** An adapter that hands out messages with some members replaced. */
export const mapMessages = (
  inner: Adapter,
  change: (message: StoredMessage, delivery: Delivery) => Partial<StoredMessage>,
): Adapter =>
  mapDeliveries(inner, delivery => {
    const { message } = delivery
    return { ...delivery, message: messageLike(message, change(message, delivery)) }
  })
