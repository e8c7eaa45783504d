interface Entry<T> {
  readonly score: number
  /** Of two with the same score, the one added first comes first. */
  readonly order: number
  readonly item: T
}

const precedes = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.score < b.score || (a.score === b.score && a.order < b.order)

/** Items by score, smallest first, equals in the order in which they were added: a binary heap. */
export class ScoreHeap<T> {
  #entries: Entry<T>[] = []
  #added = 0

  get size(): number {
    return this.#entries.length
  }

  get first(): T | undefined {
    return this.#entries[0]?.item
  }

  /** The smallest score; Infinity where there is nothing. */
  get firstScore(): number {
    return this.#entries[0]?.score ?? Number.POSITIVE_INFINITY
  }

  add(item: T, score: number): void {
    const entry = { score, order: this.#added++, item }
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1, entry)
  }

  shift(): T | undefined {
    const [first] = this.#entries
    const last = this.#entries.pop()
    if (first === undefined || last === undefined) return undefined
    if (first !== last) this.#sink(0, last)
    return first.item
  }

  /** Takes out every item that matches; answers them in no particular order. */
  remove(matches: (item: T) => boolean): T[] {
    const removed: T[] = []
    const kept = this.#entries.filter(entry => {
      if (!matches(entry.item)) return true
      removed.push(entry.item)
      return false
    })
    if (removed.length === 0) return removed
    // A sorted array is a heap.
    this.#entries = kept.sort((a, b) => (precedes(a, b) ? -1 : 1))
    return removed
  }

  #rise(from: number, entry: Entry<T>): void {
    let at = from
    while (at > 0) {
      const up = (at - 1) >>> 1
      const parent = this.#entries[up] as Entry<T>
      if (!precedes(entry, parent)) break
      this.#entries[at] = parent
      at = up
    }
    this.#entries[at] = entry
  }

  #sink(from: number, entry: Entry<T>): void {
    const entries = this.#entries
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= entries.length) break
      const right = entries[child + 1]
      if (right !== undefined && precedes(right, entries[child] as Entry<T>)) child++
      const down = entries[child] as Entry<T>
      if (!precedes(down, entry)) break
      entries[at] = down
      at = child
    }
    entries[at] = entry
  }
}
