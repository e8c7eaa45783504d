import { grown } from './grown.js'

const SMALLEST = 16

/**
 * Messages of one band that came back to their places: given back, lost, retried, or freed by their key.
 * A binary heap, smallest score (`direction * place`) first. No two entries have the same score.
 */
export class PlaceHeap {
  #scores: Float64Array = new Float64Array(0)
  #positions: Float64Array = new Float64Array(0)
  #size = 0

  get empty(): boolean {
    return this.#size === 0
  }

  /** Score of the message served next. Only while not empty. */
  get score(): number {
    return this.#scores[0] as number
  }

  /** Position of the message served next. Only while not empty. */
  get position(): number {
    return this.#positions[0] as number
  }

  push(score: number, position: number): void {
    if (this.#size === this.#scores.length) this.#resize(Math.max(SMALLEST, this.#size * 2))
    const scores = this.#scores
    const positions = this.#positions
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = scores[parent] as number
      if (above < score) break
      scores[at] = above
      positions[at] = positions[parent] as number
      at = parent
    }
    scores[at] = score
    positions[at] = position
  }

  /** Removes the message served next. Only while not empty. */
  drop(): void {
    const last = --this.#size
    this.#sink(this.#scores[last] as number, this.#positions[last] as number)
    if (last === 0 && this.#scores.length > 4096) this.#resize(SMALLEST)
  }

  /** In no promised order. */
  *positions(): IterableIterator<number> {
    for (let at = 0; at < this.#size; at++) yield this.#positions[at] as number
  }

  #sink(score: number, position: number): void {
    const scores = this.#scores
    const positions = this.#positions
    const size = this.#size
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (scores[child + 1] as number) < (scores[child] as number)) child++
      if ((scores[child] as number) > score) break
      scores[at] = scores[child] as number
      positions[at] = positions[child] as number
      at = child
    }
    scores[at] = score
    positions[at] = position
  }

  #resize(length: number): void {
    this.#scores = grown(this.#scores.subarray(0, this.#size), length)
    this.#positions = grown(this.#positions.subarray(0, this.#size), length)
  }
}
