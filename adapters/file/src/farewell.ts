/** How a connection is left in good order: what has begun is answered, and nothing else begins. */
export class Farewell {
  readonly #underway = new Set<Promise<unknown>>()
  #isSaid = false

  /** Whether nothing is to begin any more. */
  get isSaid(): boolean {
    return this.#isSaid
  }

  /** A call that has begun, and is to be answered before the connection is left. */
  async follow<T>(call: Promise<T>): Promise<T> {
    this.#underway.add(call)
    try {
      return await call
    } finally {
      this.#underway.delete(call)
    }
  }

  /** From now on nothing begins. Resolves when all that had begun is answered, one way or the other. */
  async say(): Promise<void> {
    this.#isSaid = true
    await Promise.allSettled(this.#underway)
  }
}
