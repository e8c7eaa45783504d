import { type Handler, reject } from '@pluribus/core'
import { befalls } from '../fate.ts'
import { childOf, deliveryShipped, type Payment } from '../model.ts'
import type { Shop } from '../shop.ts'

/** What the sales file says where nobody knew the country. No fix will tell: these stay dead letters. */
const NOWHERE = new Set(['Unspecified', 'European Community'])

/** Hands the goods to a courier. */
export const shipParcel =
  (shop: Shop): Handler<Payment> =>
  async (message, context) => {
    const { country } = message.data
    if (NOWHERE.has(country)) return reject('NO_ADDRESS')
    const parcel = `parcel-${message.correlationId}`
    await context.publish(deliveryShipped, { parcel, country }, childOf(message, deliveryShipped))
    // The parcel has left, but the courier's answer got lost. The next run publishes the same id: it is stored once.
    if (context.attempt === 1 && befalls(message.id, 'answer lost', 100)) throw new Error('COURIER_SILENT')
    return shop.enter(context, message, 'SHIPPED')
  }
