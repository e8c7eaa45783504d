/** A timer of the virtual clock. `order` grows with each one, so that of two due at once the older one runs first. */
export interface VirtualTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
  /** Runs something in the async context in which the timer was made. */
  readonly resume: <R>(run: () => R) => R
}

const precedes = (a: VirtualTimer, b: VirtualTimer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Timers by due time, then by order of creation. */
export class TimerQueue {
  /** Kept sorted: looking is far more frequent than adding, and tests hold few at a time. */
  readonly #sorted: VirtualTimer[] = []

  get size(): number {
    return this.#sorted.length
  }

  first(): VirtualTimer | undefined {
    return this.#sorted[0]
  }

  /** The next `most` timers, soonest first. */
  soonest(most: number): readonly VirtualTimer[] {
    return this.#sorted.slice(0, most)
  }

  add(timer: VirtualTimer): void {
    this.#sorted.splice(this.#position(timer), 0, timer)
  }

  /** Whether it was there. */
  remove(timer: VirtualTimer): boolean {
    const position = this.#position(timer)
    if (this.#sorted[position] !== timer) return false
    this.#sorted.splice(position, 1)
    return true
  }

  /** Where it stands, or would. */
  #position(timer: VirtualTimer): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (precedes(this.#sorted[middle] as VirtualTimer, timer)) low = middle + 1
      else high = middle
    }
    return low
  }
}
