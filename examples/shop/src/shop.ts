import type { Broker, Context, Message } from '@pluribus/core'
import { Gateway } from './gateway.ts'
import type { Ledger } from './ledger.ts'
import { Board, books, type Entry, entryId } from './office.ts'

/** What the handlers share. */
export class Shop {
  readonly board: Board
  readonly gateway: Gateway
  readonly ledger: Ledger

  constructor(broker: Broker, ledger: Ledger) {
    this.board = new Board(broker)
    this.gateway = new Gateway(async () => (await this.board.read('EXHAUSTED')) !== undefined)
    this.ledger = ledger
  }

  /** Until there is a guest checkout, nobody without an account can pay. */
  async guestsMayPay(): Promise<boolean> {
    return (await this.board.read('NO_CUSTOMER')) !== undefined
  }

  /** Enters into the books what a handler has done, the last thing that it does: after that, the message may be acked. */
  async enter(context: Context, { id }: Message<unknown>, reason: string, pence?: number): Promise<void> {
    const { subscription } = context
    const entry: Entry = { what: 'done', subscription, id, reason, ...(pence === undefined ? {} : { pence }) }
    await context.publish(books, entry, { id: entryId(entry) })
    this.ledger.explain(context, id, reason)
  }
}
