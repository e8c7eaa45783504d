import type { PublishItem, Topic } from '@pluribus/core'
import { type Order, ordersCancelled, ordersPlaced, stockCorrected } from './model.ts'
import type { Sale } from './sale.ts'

/** Orders worth this much are sent by express. */
const EXPRESS_PENCE = 2_000

/** Which topic a line of the sales file belongs to. */
export function topicOf({ invoice, quantity }: Sale): Topic<Order> {
  if (invoice.startsWith('C')) return ordersCancelled
  return quantity < 0 ? stockCorrected : ordersPlaced
}

/** A line as a message. Its id comes from the line number: lines that look the same stay distinct orders. */
export function toItem({ line, ...order }: Sale): PublishItem<Order> {
  const express = order.quantity * order.unitPence >= EXPRESS_PENCE
  return {
    id: `order-${String(line).padStart(6, '0')}`,
    data: order,
    priority: express ? 1 : 0,
    ...(order.customer === null ? {} : { key: `customer-${order.customer}` }),
  }
}
