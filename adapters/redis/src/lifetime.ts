import { closed } from './errors.js'

/** Whether a connection, and with it all that it gave, may still be used. */
export class Lifetime {
  #over = false

  get over(): boolean {
    return this.#over
  }

  end(): void {
    this.#over = true
  }

  /** @throws PluribusError `CLOSED`. */
  check(what: string): void {
    if (this.#over) throw closed(what)
  }
}
