/** Positions of the dead, in the order in which they died. */
export class DeadLetters {
  /** Position to the number of its death. A map keeps insertion order, and may be changed while it is walked. */
  readonly #deaths = new Map<number, number>()
  #next = 0

  get size(): number {
    return this.#deaths.size
  }

  has(position: number): boolean {
    return this.#deaths.has(position)
  }

  add(position: number): void {
    this.#deaths.set(position, this.#next++)
  }

  /** False when it was not dead. */
  delete(position: number): boolean {
    return this.#deaths.delete(position)
  }

  /** Who dies after the walk began is not visited, so that redriving all the dead ends even if they die again at once. */
  *positions(): IterableIterator<number> {
    const end = this.#next
    for (const [position, death] of this.#deaths) {
      if (death >= end) return
      yield position
    }
  }
}
