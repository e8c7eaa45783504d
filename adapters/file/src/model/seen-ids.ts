/** The ids that callers supplied within the last window, of one topic. Times are by the folder's clock. */
export class SeenIds {
  /** Milliseconds. */
  readonly window: number
  /** By time, because a Map keeps insertion order: what is too old stands first. */
  readonly #seen = new Map<string, number>()

  constructor(window: number) {
    this.window = window
  }

  /** Whether an id was stored within the window. */
  has(id: string, clock: number): boolean {
    const seen = this.#seen.get(id)
    return seen !== undefined && clock - seen < this.window
  }

  /** An id is stored. */
  add(id: string, clock: number): void {
    this.#seen.delete(id)
    this.#seen.set(id, clock)
  }

  /** Forgets what is too old. Not for every id: a map that is walked steps over where its first entries were. */
  purge(clock: number): void {
    for (const [id, seen] of this.#seen) {
      if (clock - seen < this.window) return
      this.#seen.delete(id)
    }
  }

  /** With their times, oldest first. */
  entries(): IterableIterator<[string, number]> {
    return this.#seen.entries()
  }

  get size(): number {
    return this.#seen.size
  }
}
