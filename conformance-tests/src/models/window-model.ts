/** What de-duplication owes for one topic: which publishes are duplicates, which are not, and which may be either. */
export class WindowModel {
  readonly #window: number
  readonly #tick: number
  /** When each id was stored last, and when it was last published at all. */
  readonly #ids = new Map<string, { stored: number; published: number }>()

  /** Both in milliseconds. Within `tick` of the window's end nothing is certain. */
  constructor(window: number, tick: number) {
    this.#window = window
    this.#tick = tick
  }

  /** What the receipt may say of being a duplicate; `found` is what it says, for the times to come. */
  publish(id: string, now: number, found: boolean): readonly boolean[] {
    const before = this.#ids.get(id)
    this.#ids.set(id, { stored: found && before !== undefined ? before.stored : now, published: now })
    if (before === undefined) return [false]
    if (now - before.stored < this.#window - this.#tick) return [true]
    // Whether a duplicate begins the window anew is the broker's choice.
    return now - before.published > this.#window + this.#tick ? [false] : [true, false]
  }
}
