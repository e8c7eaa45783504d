import { Gateway } from './gateway.ts'
import type { Ledger } from './ledger.ts'

/** What the handlers share. */
export class Shop {
  readonly gateway = new Gateway()
  readonly ledger: Ledger
  #guestsMayPay = false

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** Until there is a guest checkout, nobody without an account can pay. */
  openGuestCheckout(): void {
    this.#guestsMayPay = true
  }

  get guestsMayPay(): boolean {
    return this.#guestsMayPay
  }
}
