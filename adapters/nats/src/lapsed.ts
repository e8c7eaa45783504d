import type { Item } from './item.js'

/** So many are known at most. */
const MOST = 10_000

/** Deliveries that ended here without a word, by position: one that comes back to us was not lost. */
export class Lapsed {
  readonly #counts = new Map<number, number>()

  has(position: number): boolean {
    return this.#counts.has(position)
  }

  add({ position, count }: Item): void {
    if (this.#counts.size >= MOST) this.#counts.clear()
    this.#counts.set(position, count)
  }

  /** Whether the delivery before the `count`th has ended here; forgets it. */
  take(position: number, count: number): boolean {
    const isOurs = this.#counts.get(position) === count - 1
    if (isOurs) this.#counts.delete(position)
    return isOurs
  }
}
