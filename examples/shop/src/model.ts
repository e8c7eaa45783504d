import {
  type Message,
  type PublishOptions,
  priority,
  type RetryOptions,
  type Subscription,
  topic,
} from '@pluribus/core'

/** The model: topics and subscriptions are values that all services of the shop would share. */

export interface Order {
  readonly invoice: string
  readonly stockCode: string
  readonly quantity: number
  readonly unitPence: number
  readonly customer: string | null
  readonly country: string
}

export interface Payment extends Order {
  readonly paidPence: number
}

export interface Parcel {
  readonly parcel: string
  readonly country: string
}

export const ordersPlaced = topic<Order>('orders.placed')
export const ordersCancelled = topic<Order>('orders.cancelled')
export const stockCorrected = topic<Order>('stock.corrected')
export const paymentTaken = topic<Payment>('payment.taken')
export const inventoryReserved = topic<Payment>('inventory.reserved')
export const deliveryShipped = topic<Parcel>('delivery.shipped')
export const notificationSent = topic<Parcel>('notification.sent')

/** A ladder for a demo: five attempts within an eighth of a second. */
const retry: RetryOptions = { attempts: 5, delays: ['10ms', '20ms', '40ms', '50ms'] }

/** Express orders first: exact where the broker can, within a window where it can do only that. */
const expressFirst = priority({ levels: 2, atLeast: 'windowed' })

export const payment = ordersPlaced.subscription('payment', { discipline: expressFirst, retry, timeout: '1s' })
export const salesReport = ordersPlaced.subscription('sales-report', { retry })
export const refund = ordersCancelled.subscription('refund', { retry })
export const restock = ordersCancelled.subscription('restock', { retry })
export const stocktake = stockCorrected.subscription('stocktake', { retry })
export const stockAudit = stockCorrected.subscription('stock-audit', { retry })
export const inventory = paymentTaken.subscription('inventory', { discipline: expressFirst, retry })
export const bookkeeping = paymentTaken.subscription('bookkeeping', { retry })
export const delivery = inventoryReserved.subscription('delivery', { retry })
export const reorder = inventoryReserved.subscription('reorder', { retry })
export const notification = deliveryShipped.subscription('notification', { retry })
export const tracking = deliveryShipped.subscription('tracking', { retry })
export const archive = notificationSent.subscription('archive', { retry })
export const survey = notificationSent.subscription('survey', { retry })

/**
 * All of them, upstream first: children are stored before their parent is acked, so whoever looks through them in this
 * order, and finds nothing left to do, has not missed anything.
 */
export const pipeline: readonly Station[] = [
  ...[payment, salesReport, refund, restock, stocktake, stockAudit],
  ...[inventory, bookkeeping],
  ...[delivery, reorder],
  ...[notification, tracking],
  ...[archive, survey],
]

/** A subscription, whatever its messages are. */
export type Station = Subscription<unknown>

/**
 * How a message that follows from another one is published: under an id made from the order's and the topic's, so that
 * a handler that runs again publishes the same id again and the broker suppresses it; for the same customer; as urgent.
 * `correlationId` is the id of the first message of the chain: the order's.
 */
export const childOf = (parent: Message<unknown>, of: { readonly name: string }): PublishOptions => ({
  id: `${parent.correlationId}/${of.name}`,
  priority: parent.priority,
  ...(parent.key === undefined ? {} : { key: parent.key }),
})
