/** Errors that nobody has caught, while cases run. With several cases at once, nobody can tell whose one is: it fails all. */
export class Strays {
  readonly #running = new Set<string[]>()
  readonly #rejected = (reason: unknown) => this.#found('a rejection that nobody handled', reason)
  readonly #thrown = (error: unknown) => this.#found('an exception that nobody caught', error)

  /** Watches while `work` runs; answers what was found meanwhile. */
  async during(work: () => Promise<void>): Promise<readonly string[]> {
    const found: string[] = []
    if (this.#running.size === 0) {
      process.on('unhandledRejection', this.#rejected)
      process.on('uncaughtException', this.#thrown)
    }
    this.#running.add(found)
    try {
      await work()
      // Rejections are found to be unhandled once all microtasks have run.
      await new Promise(resolve => setImmediate(resolve))
    } finally {
      this.#running.delete(found)
      if (this.#running.size === 0) {
        process.off('unhandledRejection', this.#rejected)
        process.off('uncaughtException', this.#thrown)
      }
    }
    return found
  }

  #found(what: string, error: unknown): void {
    const beside = this.#running.size > 1 ? ` (${this.#running.size} cases were running)` : ''
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    for (const found of this.#running) found.push(`There was ${what}${beside}: ${text}`)
  }
}
