import { closed } from './errors.js'

/** Whether a connection, and with it all that it gave, may still be used. */
export class Lifetime {
  /** Resolves when it may not be any more. */
  readonly over: Promise<void>
  #isOver = false
  #end: () => void = () => {}

  constructor() {
    this.over = new Promise(resolve => {
      this.#end = resolve
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
    this.#end()
  }

  /** @throws PluribusError `CLOSED`. */
  check(what: string): void {
    if (this.#isOver) throw closed(what)
  }
}
