import type { Broker, ConsumerHandle } from '@pluribus/core'
import * as model from '../model.ts'
import type { Shop } from '../shop.ts'
import { correctStock, fileAway, refundOrder } from './back-office.ts'
import { shipParcel } from './delivery.ts'
import { reserveStock } from './inventory.ts'
import { notifyCustomer } from './notification.ts'
import { takePayment } from './payment.ts'

/** Opens every department: one consumer a subscription. In a larger shop, each would be a service of its own. */
export function openShop(broker: Broker, shop: Shop, concurrency: number): Promise<ConsumerHandle[]> {
  const options = { concurrency }
  return Promise.all([
    broker.subscribe(model.payment, takePayment(shop), options),
    broker.subscribe(model.salesReport, fileAway(shop), options),
    broker.subscribe(model.refund, refundOrder(shop), options),
    broker.subscribe(model.restock, fileAway(shop), options),
    broker.subscribe(model.stocktake, correctStock(shop), options),
    broker.subscribe(model.stockAudit, fileAway(shop), options),
    broker.subscribe(model.inventory, reserveStock(shop), options),
    broker.subscribe(model.bookkeeping, fileAway(shop), options),
    broker.subscribe(model.delivery, shipParcel(shop), options),
    broker.subscribe(model.reorder, fileAway(shop), options),
    broker.subscribe(model.notification, notifyCustomer(shop), options),
    broker.subscribe(model.tracking, fileAway(shop), options),
    broker.subscribe(model.archive, fileAway(shop), options),
    broker.subscribe(model.survey, fileAway(shop), options),
  ])
}
