/**
 * Lets one item of each key through until it is settled: the others of the key are parked behind it, in the order in which they
 * came. A retry that is held simply has not left: the key stays closed. Its owner bounds what is parked (the span of a
 * {@link ContiguousFloor}, a prefetch), which is what `keys: 'window'` means.
 *
 * @example
 * ```ts
 * import { KeyGate } from '@pluribus/core/driver'
 *
 * const gate = new KeyGate<string>()
 * gate.enter('customer-7', 'first') // true
 * gate.enter('customer-7', 'second') // false: parked
 * gate.leave('customer-7') // 'second', which is under way now
 * ```
 */
export class KeyGate<T> {
  /** By key that is closed: what waits behind the one under way, oldest first. */
  readonly #lines = new Map<string, T[]>()
  #parked = 0

  /** Items that wait behind one of their key. */
  get parked(): number {
    return this.#parked
  }

  /** Keys of which an item is under way. */
  get closed(): number {
    return this.#lines.size
  }

  /** True: it may go, and its key is closed behind it. False: it is parked. */
  enter(key: string, item: T): boolean {
    const line = this.#lines.get(key)
    if (line === undefined) {
      this.#lines.set(key, [])
      return true
    }
    line.push(item)
    this.#parked++
    return false
  }

  /** The one under way is settled for good; answers the next one of its key, which is under way from now on. */
  leave(key: string): T | undefined {
    const line = this.#lines.get(key)
    if (line === undefined) throw new Error(`Nothing of the key "${key}" is under way.`)
    const next = line.shift()
    if (next === undefined) this.#lines.delete(key)
    else this.#parked--
    return next
  }

  /** Forgets everything: the partition that these keys belong to has been taken away. */
  clear(): void {
    this.#lines.clear()
    this.#parked = 0
  }
}
