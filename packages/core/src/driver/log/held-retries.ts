import { ScoreHeap } from './score-heap.js'

/**
 * Failed deliveries that stay unsettled until their delay has passed, and then go back to their place: the original is still
 * ours, so nothing of its key overtakes it, and a crash redelivers it ahead of its successors. Sets no timer: what it
 * knows is `Pulled.dueIn`.
 *
 * @example
 * ```ts
 * import { HeldRetries } from '@pluribus/core/driver'
 *
 * const held = new HeldRetries<string>()
 * held.hold('order 7', 1_000)
 * held.release(999) // []
 * held.release(1_000) // ['order 7']
 * ```
 */
export class HeldRetries<T> {
  readonly #heap = new ScoreHeap<T>()

  get size(): number {
    return this.#heap.size
  }

  /** When the next one becomes due; Infinity where none is held. */
  get nextDue(): number {
    return this.#heap.firstScore
  }

  /** @param due By the clock that {@link release} is asked with, in milliseconds. */
  hold(item: T, due: number): void {
    this.#heap.add(item, due)
  }

  /** Everything that is due by now, in the order of becoming due. */
  release(now: number): readonly T[] {
    const due: T[] = []
    while (this.#heap.firstScore <= now) due.push(this.#heap.shift() as T)
    return due
  }

  /** Takes out every item that matches, as when a partition is taken away. */
  remove(matches: (item: T) => boolean): readonly T[] {
    return this.#heap.remove(matches)
  }
}
