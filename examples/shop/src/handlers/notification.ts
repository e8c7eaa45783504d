import { type Handler, retry } from '@pluribus/core'
import { befalls } from '../fate.ts'
import { childOf, notificationSent, type Parcel } from '../model.ts'
import type { Shop } from '../shop.ts'

/** Tells the customer. Some mail servers say "not now" to strangers, and mean it for a moment only. */
export const notifyCustomer =
  (shop: Shop): Handler<Parcel> =>
  async (message, context) => {
    if (context.attempt === 1 && befalls(message.id, 'greylisted', 60))
      return retry({ after: '20ms', reason: 'GREYLISTED' })
    await context.publish(notificationSent, message.data, childOf(message, notificationSent))
    return shop.enter(context, message, 'SENT')
  }
