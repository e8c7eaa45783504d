/** Places in the order that are passed before it is cut. */
const SLACK = 4_096

/** Records that were written or read lately, by sequence number, up to so many bytes. The oldest go first. */
export class MessageCache {
  readonly #limit: number
  readonly #kept = new Map<number, Buffer>()
  /**
   * In which order they came, from `#first` on. A list of its own: a map whose first entries are always deleted makes whoever walks it step over
   * where they were, again and again.
   */
  #order: number[] = []
  #first = 0
  #bytes = 0

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get(sequence: number): Buffer | undefined {
    return this.#kept.get(sequence)
  }

  put(sequence: number, bytes: Buffer): void {
    if (bytes.length > this.#limit / 4 || this.#kept.has(sequence)) return
    this.#kept.set(sequence, bytes)
    this.#order.push(sequence)
    this.#bytes += bytes.length
    while (this.#bytes > this.#limit) this.forget(this.#order[this.#first++] as number)
    if (this.#first > SLACK && 2 * this.#first > this.#order.length) this.#cut()
  }

  forget(sequence: number): void {
    const bytes = this.#kept.get(sequence)
    if (bytes === undefined) return
    this.#kept.delete(sequence)
    this.#bytes -= bytes.length
    // What was forgotten out of turn stands in the order until its turn comes; when nothing is left, so does nothing.
    if (this.#kept.size === 0) {
      this.#order = []
      this.#first = 0
    } else if (this.#order.length > SLACK + 2 * this.#kept.size + this.#first) this.#cut()
  }

  #cut(): void {
    this.#order = this.#order.slice(this.#first).filter(sequence => this.#kept.has(sequence))
    this.#first = 0
  }
}
