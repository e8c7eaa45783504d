/** Lets numbered things pass in the order of their numbers, whenever they come: each once all before it have passed. */
export class InOrder {
  readonly #waiting = new Map<number, () => void>()
  readonly #came: boolean[] = []
  #next = 0

  /** Calls `go` when it is this number's turn: at once, if it is, or if the number has passed before. */
  pass(number: number, go: () => void): void {
    if (this.#came[number] === true) return go()
    this.#came[number] = true
    this.#waiting.set(number, go)
    for (let due = this.#take(); due !== undefined; due = this.#take()) due()
  }

  #take(): (() => void) | undefined {
    const due = this.#waiting.get(this.#next)
    if (due !== undefined) this.#waiting.delete(this.#next++)
    return due
  }
}
