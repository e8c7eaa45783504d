import { Gateway } from './gateway.ts'
import type { Ledger } from './ledger.ts'

/** What the handlers share, and what is wrong with it until it is fixed. */
export class Shop {
  readonly gateway = new Gateway()
  readonly ledger: Ledger
  /** Until there is a guest checkout, nobody without an account can pay. */
  guestCheckout = false

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }
}
