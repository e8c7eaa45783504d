import type { Handler } from '@pluribus/core'
import { befalls } from '../fate.ts'
import { childOf, inventoryReserved, type Payment } from '../model.ts'
import type { Shop } from '../shop.ts'

/** Sets the goods aside. Now and then two pickers reach for the same shelf, and one of them has to try again. */
export const reserveStock =
  (shop: Shop): Handler<Payment> =>
  async (message, context) => {
    if (context.attempt === 1 && befalls(message.id, 'conflict', 40)) throw new Error('SHELF_CONFLICT')
    await context.publish(inventoryReserved, message.data, childOf(message, inventoryReserved))
    await shop.enter(context, message, 'RESERVED')
  }
