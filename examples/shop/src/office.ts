import { type Broker, topic } from '@pluribus/core'

/**
 * What the shop has to remember, beside its trade. It is in the broker like everything else, so that a process can be killed
 * at any moment and the next one, or another one beside it, knows as much.
 */

/** A line of the books. Published under an id made of all but the sum, and read as a set: written twice, it is one line. */
export interface Entry {
  /** `done`: a handler has done its work. `redriven`: a dead letter was given back. */
  readonly what: 'done' | 'redriven'
  readonly subscription: string
  /** The message's. */
  readonly id: string
  /** What was done, or what the message had died of. */
  readonly reason: string
  /** What an order was charged. */
  readonly pence?: number
}

export const books = topic<Entry>('shop.books')

export const entryId = ({ what, subscription, id }: Entry): string => `${what}/${subscription}/${id}`

/** What hangs on the board for all to see. There are only ever a few. */
export interface Notice {
  /** Why orders die in payment, once that is put right. `SALES`: what is sold here. */
  readonly notice: 'SALES' | 'NO_CUSTOMER' | 'EXHAUSTED'
  readonly text: string
}

export const notices = topic<Notice>('shop.notices')

/** The notices of all processes. What has been put up is never taken down, so what was seen once need not be looked for again. */
export class Board {
  readonly #broker: Broker
  readonly #seen = new Map<string, string>()

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** Where two put up the same notice, the first one stays. */
  async put(notice: Notice): Promise<void> {
    await this.#broker.publish(notices, notice, { id: notice.notice })
  }

  async read(notice: Notice['notice']): Promise<string | undefined> {
    if (!this.#seen.has(notice)) {
      for await (const { data } of this.#broker.history(notices)) {
        if (!this.#seen.has(data.notice)) this.#seen.set(data.notice, data.text)
      }
    }
    return this.#seen.get(notice)
  }
}
