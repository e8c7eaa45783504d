import { expect, test } from 'vitest'
import { deliveryOf } from '../src/delivery-subject.js'

test.each([
  ['as servers of 2.9 write it', '$JS.ACK.shop_t_orders.billing.2.1234.77.1795282417782973596.5'],
  [
    'with a domain, an account and a token',
    '$JS.ACK.hub.ABCDEF.shop_t_orders.billing.2.1234.77.1795282417782973596.5.x7Ab',
  ],
])('what an acknowledgement subject says, %s', (_, reply) => {
  expect(deliveryOf(reply)).toEqual({ count: 2, position: 1_234, time: 1_795_282_417_782, pending: 5 })
})
