/** Who listens, by file: brokers of one process may have opened it each for itself. */
const bells = new Map<string, Set<Bell>>()

/**
 * Tells the sources of this process that something in a file may have become ready; those of other processes poll. Each
 * connection has one, which falls silent with it.
 */
export class Bell {
  readonly #path: string
  readonly #wakes = new Set<() => void>()

  constructor(path: string) {
    this.#path = path
    bells.set(path, (bells.get(path) ?? new Set()).add(this))
  }

  /** Listens until the answer is called, or the connection is closed. */
  listen(wake: () => void): () => void {
    this.#wakes.add(wake)
    return () => this.#wakes.delete(wake)
  }

  /** Outside of transactions: whoever is woken may begin one at once. */
  ring(): void {
    for (const bell of [...(bells.get(this.#path) ?? [])]) {
      for (const wake of [...bell.#wakes]) wake()
    }
  }

  close(): void {
    this.#wakes.clear()
    const all = bells.get(this.#path)
    all?.delete(this)
    if (all?.size === 0) bells.delete(this.#path)
  }
}
