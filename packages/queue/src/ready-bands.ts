import { PlaceHeap } from './place-heap.js'
import type { Order } from './queue-options.js'
import type { ReadyLine } from './ready-line.js'
import { ReadyRing } from './ready-ring.js'
import { ReadyStack } from './ready-stack.js'

/**
 * Everything that is ready, in the order in which it is served: lowest band first, and within a band the smallest
 * `direction * place`, over the line (ready for the first time) and the heap (came back to its place).
 */
export class ReadyBands {
  readonly #lines: readonly ReadyLine[]
  readonly #returned: readonly PlaceHeap[]
  readonly #direction: 1 | -1
  /** No band below it has anything: each band that empties is passed once, until something joins below. */
  #lowest: number

  constructor(lines: readonly [ReadyLine, ...ReadyLine[]]) {
    this.#lines = lines
    this.#returned = lines.map(() => new PlaceHeap())
    this.#direction = lines[0].direction
    this.#lowest = lines.length
  }

  /** @throws RangeError when `bands` is no positive integer, or not 1 where the order is fifo or lifo. */
  static of(order: Order, bands: number): ReadyBands {
    if (!Number.isInteger(bands) || bands < 1 || (bands > 1 && order !== 'priority')) {
      throw new RangeError(`${order} with ${bands} bands: fifo and lifo have 1, priority has 1 or more.`)
    }
    const line = () => (order === 'lifo' ? new ReadyStack() : new ReadyRing())
    return new ReadyBands([line(), ...Array.from({ length: bands - 1 }, line)])
  }

  line(band: number): ReadyLine {
    return this.#lines[band] as ReadyLine
  }

  returned(band: number): PlaceHeap {
    return this.#returned[band] as PlaceHeap
  }

  /** A message becomes ready for the first time: it gets the next place of its band. */
  join(position: number, band: number): void {
    this.line(band).push(position)
    if (band < this.#lowest) this.#lowest = band
  }

  /** A message comes back to the place it has. */
  giveBack(position: number, band: number, place: number): void {
    this.returned(band).push(this.#direction * place, position)
    if (band < this.#lowest) this.#lowest = band
  }

  /** The band that is served next, or -1 when nothing is ready. */
  seek(): number {
    const count = this.#lines.length
    let band = this.#lowest
    while (band < count && this.line(band).empty && this.returned(band).empty) band++
    this.#lowest = band
    return band < count ? band : -1
  }

  /** Whether a message that came back is before the head of the line. Only for the band that `seek` answered. */
  returnedFirst(band: number): boolean {
    const returned = this.returned(band)
    if (returned.empty) return false
    const line = this.line(band)
    return line.empty || returned.score < this.#direction * line.place
  }

  /** Place of the first message that came back. */
  returnedPlace(band: number): number {
    return this.#direction * this.returned(band).score
  }

  /** In no promised order. */
  *positions(): IterableIterator<number> {
    for (const line of this.#lines) yield* line.positions()
    for (const heap of this.#returned) yield* heap.positions()
  }
}
