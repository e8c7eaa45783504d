/**
 * Where a message stands that does not stand at its position: one that was delayed, or put back. It comes before the message
 * with the position `before`, and behind whatever else does so with a smaller `order`.
 */
export interface Place {
  readonly before: number
  readonly order: number
}

interface Scheduled {
  readonly position: number
  readonly due: number
}

/** Which of two is due first: equal times keep the order of publishing. */
const isBefore = (a: Scheduled, b: Scheduled): boolean => a.due < b.due || (a.due === b.due && a.position < b.position)

/** The places of a topic's delayed messages: each gets its own when it is due, before whatever is published from then on. */
export class Places {
  /** A binary heap, the earliest first. */
  readonly #scheduled: Scheduled[] = []
  readonly #places = new Map<number, Place>()
  #order = 0

  /** A message becomes due at a time of the folder's clock. */
  schedule(position: number, due: number): void {
    const heap = this.#scheduled
    let at = heap.length
    const added = { position, due }
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = heap[parent] as Scheduled
      if (isBefore(above, added)) break
      heap[at] = above
      at = parent
    }
    heap[at] = added
  }

  /** Time has passed: what is due by now, and has not been removed, stands before the next message, `next`. */
  pass(clock: number, next: number, isThere: (position: number) => boolean): void {
    const heap = this.#scheduled
    while (heap.length > 0 && (heap[0] as Scheduled).due <= clock) {
      const { position } = heap[0] as Scheduled
      this.#drop()
      if (isThere(position)) this.#places.set(position, this.take(next))
    }
  }

  /** A place before the next message, behind all that were taken. */
  take(next: number): Place {
    return { before: next, order: this.#order++ }
  }

  /** Undefined where it stands at its position, or is not due yet. */
  of(position: number): Place | undefined {
    return this.#places.get(position)
  }

  forget(position: number): void {
    this.#places.delete(position)
  }

  /** How many places were taken. */
  get taken(): number {
    return this.#order
  }

  /** Kept from an earlier life. */
  restore(taken: number, places: Iterable<readonly [number, Place]>): void {
    this.#order = taken
    for (const [position, place] of places) this.#places.set(position, place)
  }

  /** Everything that stands elsewhere than at its position. */
  entries(): IterableIterator<[number, Place]> {
    return this.#places.entries()
  }

  /** What is not due yet. */
  scheduled(): readonly Scheduled[] {
    return this.#scheduled
  }

  #drop(): void {
    const heap = this.#scheduled
    const last = heap.pop() as Scheduled
    if (heap.length === 0) return
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as Scheduled)) child++
      if (isBefore(last, heap[child] as Scheduled)) break
      heap[at] = heap[child] as Scheduled
      at = child
    }
    heap[at] = last
  }
}
