import type { PluribusError } from '../errors/pluribus-error.js'

/**
 * Whether a connection, and with it all that it gave, may still be used.
 *
 * @example
 * ```ts
 * import { Lifetime, refusals } from '@pluribus/core/driver'
 *
 * const lifetime = new Lifetime(refusals('Redis', 'on this Redis server').closed)
 * lifetime.check('publish')
 * lifetime.end()
 * console.log(lifetime.isOver)
 * ```
 */
export class Lifetime {
  /** Resolves when it may not be used any more. */
  readonly over: Promise<void>
  readonly #closed: (what: string) => PluribusError
  #isOver = false
  #end: () => void = () => {}

  /** `closed`: what a call comes too late with. */
  constructor(closed: (what: string) => PluribusError) {
    this.#closed = closed
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

  /** @throws PluribusError `CLOSED`, with the name of the call. */
  check(what: string): void {
    if (this.#isOver) throw this.#closed(what)
  }
}
