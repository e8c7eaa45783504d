import { closed } from './errors.js'

/** Whether a connection, and with it all that it gave, may still be used. */
export class Lifetime {
  #isOver = false

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
  }

  /** @throws PluribusError `CLOSED`. */
  check(what: string): void {
    if (this.#isOver) throw closed(what)
  }
}
