const TIMEOUT = 5_000

/** One timer for all runs: they have the same timeout, so the first that started is the first to expire. */
export class RunTimeouts {
  readonly #started = new Map<number, number>()
  #timer: NodeJS.Timeout | undefined
  /** Tokens of runs that took too long; what follows from that is not measured. */
  readonly expired: number[] = []

  started(token: number, now: number): void {
    this.#started.set(token, now)
    this.#timer ??= setTimeout(() => this.#look(), TIMEOUT)
  }

  ended(token: number): void {
    this.#started.delete(token)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [token, since] of this.#started) {
      if (since + TIMEOUT > now) {
        this.#timer = setTimeout(() => this.#look(), since + TIMEOUT - now)
        return
      }
      this.#started.delete(token)
      this.expired.push(token)
    }
  }
}
