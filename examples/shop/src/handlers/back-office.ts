import type { Handler } from '@pluribus/core'
import { befalls } from '../fate.ts'
import type { Order } from '../model.ts'
import type { Shop } from '../shop.ts'

/** Files whatever comes: the departments that only need to know. */
export const fileAway =
  (shop: Shop): Handler<unknown> =>
  (message, context) =>
    shop.enter(context, message, 'FILED')

/** Pays a cancelled order back; a bank may have to be asked twice. */
export const refundOrder =
  (shop: Shop): Handler<Order> =>
  (message, context) => {
    if (context.attempt === 1 && befalls(message.id, 'bank closed', 20)) throw new Error('BANK_CLOSED')
    return shop.enter(context, message, 'REFUNDED')
  }

/** Books goods in or out without an order. */
export const correctStock =
  (shop: Shop): Handler<Order> =>
  (message, context) =>
    shop.enter(context, message, message.data.quantity < 0 ? 'BOOKED_OUT' : 'BOOKED_IN')
