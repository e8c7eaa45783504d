/** Records in a stretch. */
const STRETCH = 32
/** What a record takes beside the payload and the headers of its message, about, in bytes. */
const AROUND = 128

/** Which stretches of the log have records that somebody wants: what a checkpoint keeps from. */
export class WantedRecords {
  readonly #stretches = new Map<number, number>()
  #bytes = 0

  /** Of the records that are wanted, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param size Of its payload and headers, in bytes; here as below. */
  keep(sequence: number, size: number): void {
    const stretch = Math.floor(sequence / STRETCH)
    this.#stretches.set(stretch, (this.#stretches.get(stretch) ?? 0) + 1)
    this.#bytes += size + AROUND
  }

  drop(sequence: number, size: number): void {
    const stretch = Math.floor(sequence / STRETCH)
    const count = (this.#stretches.get(stretch) ?? 0) - 1
    if (count > 0) this.#stretches.set(stretch, count)
    else this.#stretches.delete(stretch)
    this.#bytes -= size + AROUND
  }

  /** A sequence number with nothing that is wanted before it; `otherwise` where nothing is wanted at all. */
  first(otherwise: number): number {
    let first = Number.POSITIVE_INFINITY
    for (const stretch of this.#stretches.keys()) first = Math.min(first, stretch)
    return first === Number.POSITIVE_INFINITY ? otherwise : Math.max(1, first * STRETCH)
  }
}
