/** Who listens, by file: brokers of one process may have opened it each for itself. */
const listeners = new Map<string, Set<() => void>>()

/** Tells the sources of this process that something in a file may have become ready. Those of other processes poll. */
export class Bell {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Listens until the answer is called. */
  listen(wake: () => void): () => void {
    const all = listeners.get(this.#path) ?? new Set()
    listeners.set(this.#path, all.add(wake))
    return () => {
      all.delete(wake)
      if (all.size === 0 && listeners.get(this.#path) === all) listeners.delete(this.#path)
    }
  }

  ring(): void {
    for (const wake of [...(listeners.get(this.#path) ?? [])]) wake()
  }
}
