import { type Handler, reject, retry } from '@pluribus/core'
import { childOf, type Order, paymentTaken } from '../model.ts'
import type { Shop } from '../shop.ts'

/** Charges an order. Where the gateway throws, or hangs until the run times out, the retry policy takes over. */
export const takePayment =
  (shop: Shop): Handler<Order> =>
  async (message, context) => {
    const order = message.data
    if (order.customer === null && !(await shop.guestsMayPay())) return reject('NO_CUSTOMER')
    const paidPence = order.quantity * order.unitPence
    if (paidPence > 0) {
      const answer = await shop.gateway.charge(message.id, context.attempt, context.signal)
      if (answer === 'busy') return retry({ after: '15ms', reason: 'GATEWAY_BUSY' })
    }
    await context.publish(paymentTaken, { ...order, paidPence }, childOf(message, paymentTaken))
    if (paidPence === 0) return shop.enter(context, message, 'NOT_CHARGED')
    return shop.enter(context, message, order.customer === null ? 'CHARGED_AS_GUEST' : 'CHARGED', paidPence)
  }
