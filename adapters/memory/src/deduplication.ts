import { DEDUPLICATION_WINDOW } from './capabilities.js'

/** The ids that callers supplied within the last window, of one topic. Times are of the monotonic clock. */
export class Deduplication {
  /** By time, because a Map keeps insertion order: what is too old stands first. */
  readonly #seen = new Map<string, number>()

  /** Remembers an id. False where it was seen within the window: a duplicate, which does not extend the window. */
  admit(id: string, now: number): boolean {
    const seen = this.#seen.get(id)
    if (seen !== undefined) {
      if (now - seen < DEDUPLICATION_WINDOW) return false
      this.#seen.delete(id)
    }
    this.#seen.set(id, now)
    return true
  }

  /** Forgets what is too old, looking at nothing else. */
  purge(now: number): void {
    for (const [id, seen] of this.#seen) {
      if (now - seen < DEDUPLICATION_WINDOW) return
      this.#seen.delete(id)
    }
  }

  /** Ids remembered. */
  get size(): number {
    return this.#seen.size
  }
}
