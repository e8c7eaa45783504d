/** Records in a stretch. */
const STRETCH = 32
/** What a record takes beside the payload and the headers of its message, about, in bytes. */
const AROUND = 128
/** No stretch, and nothing in it. */
const NOWHERE = -1

/** Which stretches of the log have records that somebody wants: what a checkpoint keeps from. */
export class WantedRecords {
  readonly #stretches = new Map<number, number>()
  /** The stretch that was looked at last, and what it has: the map does not know, because most calls come for one stretch, one after the other. */
  #recent = NOWHERE
  #count = 0
  #bytes = 0

  /** Of the records that are wanted, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param size Of its payload and headers, in bytes; here as below. */
  keep(sequence: number, size: number): void {
    this.#visit(Math.floor(sequence / STRETCH))
    this.#count++
    this.#bytes += size + AROUND
  }

  /** As `keep` for each of `places`. Answers their sizes together. */
  keepAll(sequences: Float64Array, sizes: Uint32Array, places: Uint16Array): number {
    let size = 0
    for (let index = 0; index < places.length; index++) {
      const at = places[index] as number
      const stretch = Math.floor((sequences[at] as number) / STRETCH)
      if (stretch !== this.#recent) this.#visit(stretch)
      this.#count++
      size += sizes[at] as number
    }
    this.#bytes += size + AROUND * places.length
    return size
  }

  drop(sequence: number, size: number): void {
    this.#visit(Math.floor(sequence / STRETCH))
    this.#count--
    this.#bytes -= size + AROUND
  }

  /** A sequence number with nothing that is wanted before it; `otherwise` where nothing is wanted at all. */
  first(otherwise: number): number {
    this.#visit(NOWHERE)
    let first = Number.POSITIVE_INFINITY
    for (const stretch of this.#stretches.keys()) first = Math.min(first, stretch)
    return first === Number.POSITIVE_INFINITY ? otherwise : Math.max(1, first * STRETCH)
  }

  #visit(stretch: number): void {
    if (stretch === this.#recent) return
    if (this.#count > 0) this.#stretches.set(this.#recent, this.#count)
    else this.#stretches.delete(this.#recent)
    this.#recent = stretch
    this.#count = this.#stretches.get(stretch) ?? 0
  }
}
