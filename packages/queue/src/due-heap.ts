import { grown } from './grown.js'

const SMALLEST = 16

/**
 * Messages that wait for a time: published with a delay (`scheduled`), or between two runs (`retrying`).
 *
 * A binary heap over three numbers a message, earliest first; ties go to `order`. For a scheduled message that is the
 * count of those before it (0, 1, …), so that equal times keep the order of publishing. For a retrying one it is
 * `-1 - place`: its place is kept, and how it ties means nothing.
 */
export class DueHeap {
  #dues: Float64Array = new Float64Array(0)
  #orders: Float64Array = new Float64Array(0)
  #positions: Float64Array = new Float64Array(0)
  #size = 0
  #scheduled = 0
  #nextOrder = 0

  /** Messages that wait for their first run. */
  get scheduled(): number {
    return this.#scheduled
  }

  /** Messages that wait for another run. */
  get retrying(): number {
    return this.#size - this.#scheduled
  }

  /** The earliest time, or Infinity. */
  get due(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#dues[0] as number)
  }

  /** Position of the earliest. Only while not empty. */
  get position(): number {
    return this.#positions[0] as number
  }

  /** Place of the earliest, or -1 where it is scheduled and has none yet. Only while not empty. */
  get place(): number {
    const order = this.#orders[0] as number
    return order < 0 ? -1 - order : -1
  }

  schedule(position: number, due: number): void {
    this.#scheduled++
    this.#push(due, this.#nextOrder++, position)
  }

  retry(position: number, due: number, place: number): void {
    this.#push(due, -1 - place, position)
  }

  /** Removes the earliest. Only while not empty. */
  drop(): void {
    if ((this.#orders[0] as number) >= 0) this.#scheduled--
    const last = --this.#size
    this.#sink(this.#dues[last] as number, this.#orders[last] as number, this.#positions[last] as number)
    if (last === 0 && this.#dues.length > 4096) this.#resize(SMALLEST)
  }

  /** In no promised order. */
  *positions(): IterableIterator<number> {
    for (let at = 0; at < this.#size; at++) yield this.#positions[at] as number
  }

  #push(due: number, order: number, position: number): void {
    if (this.#size === this.#dues.length) this.#resize(Math.max(SMALLEST, this.#size * 2))
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#isBefore(parent, due, order)) break
      this.#move(parent, at)
      at = parent
    }
    this.#write(at, due, order, position)
  }

  #sink(due: number, order: number, position: number): void {
    const size = this.#size
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      const right = child + 1
      if (right < size && this.#isBefore(right, this.#dues[child] as number, this.#orders[child] as number))
        child = right
      if (!this.#isBefore(child, due, order)) break
      this.#move(child, at)
      at = child
    }
    this.#write(at, due, order, position)
  }

  #isBefore(at: number, due: number, order: number): boolean {
    const other = this.#dues[at] as number
    return other < due || (other === due && (this.#orders[at] as number) < order)
  }

  #move(from: number, to: number): void {
    this.#write(to, this.#dues[from] as number, this.#orders[from] as number, this.#positions[from] as number)
  }

  #write(at: number, due: number, order: number, position: number): void {
    this.#dues[at] = due
    this.#orders[at] = order
    this.#positions[at] = position
  }

  #resize(length: number): void {
    this.#dues = grown(this.#dues.subarray(0, this.#size), length)
    this.#orders = grown(this.#orders.subarray(0, this.#size), length)
    this.#positions = grown(this.#positions.subarray(0, this.#size), length)
  }
}
