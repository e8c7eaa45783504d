/** A lease that stands by for its session. */
export interface Reserved {
  readonly band: number
  /** `direction * place`. */
  readonly score: number
  readonly token: number
}

/**
 * Leases that came over to a session from the one before it, and that it has not claimed yet, in the order in which they
 * are served. An entry whose lease has ended meanwhile stays: its token finds nothing any more.
 */
export class ReservedLine {
  #entries: readonly Reserved[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head === this.#entries.length
  }

  /** Token of the lease served next. Only while not empty. */
  get token(): number {
    return (this.#entries[this.#head] as Reserved).token
  }

  /** Removes the lease served next. Only while not empty. */
  drop(): void {
    this.#head++
  }

  /** More have come over. */
  add(entries: readonly Reserved[]): void {
    const left = this.#entries.slice(this.#head)
    this.#entries = [...left, ...entries].sort((a, b) => a.band - b.band || a.score - b.score)
    this.#head = 0
  }
}
