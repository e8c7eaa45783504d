import type { Item } from './item.js'
import type { Link } from './link.js'

const WORKING = '+WPI'

/** What renewals are made with. */
export interface RenewalsOptions {
  readonly link: Link
  /** How long core has a delivery without renewing it, in milliseconds. */
  readonly lease: number
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
}

/**
 * Until when the server waits for a word of what it has handed out, as far as it can be known here: counted from before the call that
 * got a delivery, or had it renewed, and never from one that the server has not answered. A server or a process that stands still
 * reads what was sent to it when it goes on, which may be too late.
 */
export class Renewals {
  readonly #options: RenewalsOptions
  /** How much less than a whole wait may be left of a delivery that core is to have for a lease, in milliseconds. */
  readonly #spare: number

  constructor(options: RenewalsOptions) {
    const { lease, wait } = options
    this.#options = options
    this.#spare = Math.max(wait - lease, wait / 10)
  }

  /** The server may have given it to others by then, monotonic milliseconds. */
  isOver({ renewedAt }: Item, now = this.#now): boolean {
    return now - renewedAt >= this.#options.wait
  }

  /** Those of which it is not known that they are ours for a lease from then on, monotonic milliseconds. */
  endingWithin(items: readonly Item[], since: number): readonly Item[] {
    return items.filter(({ renewedAt }) => since - renewedAt > this.#spare)
  }

  /** Those that have not been renewed for a good part of the wait. */
  ageing(items: readonly Item[]): readonly Item[] {
    const before = this.#now - this.#options.wait / 8
    return items.filter(({ renewedAt }) => renewedAt <= before)
  }

  /** Resolves when the server has read that these are alive; what was over by then stays so. */
  async renew(items: readonly Item[]): Promise<void> {
    const asked = this.#now
    await this.#say(items, WORKING)
    for (const item of items) if (!this.isOver(item)) item.renewedAt = Math.max(asked, item.renewedAt)
  }

  /** Gives back at once what is still ours: the rest may be somebody else's, from whom it would be taken. */
  async free(items: readonly Item[]): Promise<void> {
    await this.#options.link.flush()
    await this.#say(
      items.filter(item => !this.isOver(item)),
      '-NAK',
    )
  }

  get #now(): number {
    return this.#options.link.environment.clock.monotonic()
  }

  #say(items: readonly Item[], word: string): Promise<void> {
    const { link } = this.#options
    link.outlet.say(
      items.map(({ reply }) => reply),
      word,
    )
    return link.flush()
  }
}
