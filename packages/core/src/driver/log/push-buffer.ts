/**
 * What a {@link PushBuffer} keeps its items in: a {@link ReorderWindow} for Kafka, where the order is ours to make, or anything
 * that has an order of its own.
 *
 * @example
 * ```ts
 * import type { Waiting } from '@pluribus/core/driver'
 *
 * const isEmpty = (waiting: Waiting<unknown>) => waiting.size === 0
 * ```
 */
export interface Waiting<T> {
  readonly size: number
  readonly first: T | undefined
  add(item: T, place: number): void
  shift(): T | undefined
  remove(matches: (item: T) => boolean): readonly T[]
}

/**
 * What {@link PushBuffer.take} found.
 *
 * @example
 * ```ts
 * import type { Taken } from '@pluribus/core/driver'
 *
 * const isLast = (taken: Taken<string>) => !taken.more
 * ```
 */
export interface Taken<T> {
  readonly items: readonly T[]
  /** It stopped early, at an item that has to come alone, or after one. */
  readonly more: boolean
}

/**
 * Between a broker that pushes and a contract that pulls. Keeps whatever arrives, drops nothing, and gives two answers: whether
 * somebody waits for what has just come (then wake, once), and whether the broker should pause or go on. It calls
 * nobody: pausing a partition, not asking for a next batch, or withholding credit is for the adapter to do.
 *
 * @example
 * ```ts
 * import { PushBuffer, ReorderWindow } from '@pluribus/core/driver'
 *
 * const window = new ReorderWindow<{ priority: number }>({ kind: 'fifo', levels: 1, atLeast: 'exact' })
 * const buffer = new PushBuffer(window, 256)
 * buffer.take(10) // nothing yet: ten are wanted
 * buffer.push({ priority: 0 }, 1)
 * if (buffer.rouse()) console.error('wake')
 * if (buffer.flow() === 'pause') console.error('pause the consumer')
 * ```
 */
export class PushBuffer<T> {
  readonly #waiting: Waiting<T>
  readonly #capacity: number
  #wanted = 0
  #until = Number.POSITIVE_INFINITY
  #isPaused = false

  /** @param capacity From how many items on the broker is to pause; it goes on at half of them. */
  constructor(waiting: Waiting<T>, capacity: number) {
    this.#waiting = waiting
    this.#capacity = Math.max(1, capacity)
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Deliveries that the last `take` has left unfilled, unless a wake has been answered since. */
  get wanted(): number {
    return this.#wanted
  }

  /** Something has arrived, or has come back. */
  push(item: T, place: number): void {
    this.#waiting.add(item, place)
  }

  /**
   * Whether whoever pulls waits for what is here now, and is to be woken: true at most once for each `take`. To be asked when
   * everything that has arrived together has been pushed, so that the best of it is taken first.
   */
  rouse(): boolean {
    if (this.#wanted === 0 || this.#waiting.size === 0) return false
    this.#wanted = 0
    return true
  }

  /** Something becomes due at a time. True: whoever pulls would sleep longer than that and is to be woken. */
  due(time: number): boolean {
    if (this.#wanted === 0 || time >= this.#until) return false
    this.#wanted = 0
    return true
  }

  /**
   * Takes up to `most` items. What is not filled is the standing demand, until `until`, when the puller comes back by
   * itself (any clock, the same as for {@link due}); `take(0)` withdraws it. An item that `alone` says true of comes alone.
   */
  take(most: number, until = Number.POSITIVE_INFINITY, alone: (item: T) => boolean = () => false): Taken<T> {
    const items: T[] = []
    let more = false
    while (items.length < most && !more) {
      const { first } = this.#waiting
      if (first === undefined) break
      more = alone(first)
      if (more && items.length > 0) break
      items.push(first)
      this.#waiting.shift()
    }
    this.#wanted = more ? 0 : most - items.length
    this.#until = until
    return { items, more }
  }

  /** What the broker is to do from now on; undefined where that has been answered before. */
  flow(): 'pause' | 'resume' | undefined {
    const size = this.#waiting.size
    const isPaused = this.#isPaused ? size > this.#capacity / 2 : size >= this.#capacity
    if (isPaused === this.#isPaused) return undefined
    this.#isPaused = isPaused
    return isPaused ? 'pause' : 'resume'
  }

  /** Takes out every item that matches, as when a partition is taken away. */
  remove(matches: (item: T) => boolean): readonly T[] {
    return this.#waiting.remove(matches)
  }
}
