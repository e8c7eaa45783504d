const CHUNK = 4_096

class Chunk {
  /** In the file. */
  readonly places = new Float64Array(CHUNK)
  /** 1 where it is handled. */
  readonly done = new Uint8Array(CHUNK)
}

/** Where each message is, by position: nine bytes a message, the payload stays on the disk. */
export class MessagePlaces {
  readonly #chunks: Chunk[] = []
  /** Position of the next one. */
  end = 0
  /** Those that are not handled. */
  left = 0

  add(place: number): void {
    const number = Math.floor(this.end / CHUNK)
    this.#chunks[number] ??= new Chunk()
    this.#at(this.end).places[this.end % CHUNK] = place
    this.end++
    this.left++
  }

  placeOf(position: number): number {
    return this.#at(position).places[position % CHUNK] as number
  }

  isDone(position: number): boolean {
    return this.#at(position).done[position % CHUNK] === 1
  }

  handled(position: number): void {
    const { done } = this.#at(position)
    if (done[position % CHUNK] === 1) return
    done[position % CHUNK] = 1
    this.left--
  }

  #at(position: number): Chunk {
    return this.#chunks[Math.floor(position / CHUNK)] as Chunk
  }
}
