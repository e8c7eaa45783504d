/**
 * Decides which of a store's operations fail: what an adapter's store asks before each one, where the target offers a
 * store that can fail.
 *
 * @example
 * ```ts
 * import { StoreFaults } from '@pluribus/conformance'
 *
 * const faults = new StoreFaults()
 * const write = async () => faults.before('write')
 * faults.fail(new Error('ENOSPC'), { after: 2, times: 1 }) // the third one
 * ```
 */
export class StoreFaults {
  readonly #operations: string[] = []
  #armed: { error: Error; after: number; times: number; only: RegExp }[] = []

  /** Every operation so far, in order. */
  get operations(): readonly string[] {
    return this.#operations
  }

  /** Throws where the operation is to fail. */
  before(operation: string): void {
    this.#operations.push(operation)
    const armed = this.#armed.find(({ only }) => only.test(operation))
    if (armed === undefined) return
    if (armed.after > 0) {
      armed.after--
      return
    }
    armed.times--
    if (armed.times <= 0) this.#armed = this.#armed.filter(other => other !== armed)
    throw armed.error
  }

  /**
   * Arms a failure.
   *
   * @param options `after`: how many operations still succeed (0). `times`: how many then fail (all, until `heal`).
   * `only`: which operations count (all).
   */
  fail(error: Error, options: { readonly after?: number; readonly times?: number; readonly only?: RegExp } = {}): void {
    const { after = 0, times = Number.POSITIVE_INFINITY, only = /^/ } = options
    this.#armed.push({ error, after, times, only })
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#armed = []
  }
}
