/** So many are known. */
const MOST = 16_384

/**
 * Positions that were acknowledged here last. A server (2.9) that is busy hands out again what it has an acknowledgement of, in a queue
 * of its own, and whoever knows better need not run it twice. Asked only of what comes again, so looking may take a moment.
 */
export class Acknowledged {
  #positions: Float64Array | undefined
  #next = 0

  add(position: number): void {
    this.#positions ??= new Float64Array(MOST)
    this.#positions[this.#next] = position
    this.#next = (this.#next + 1) % MOST
  }

  has(position: number): boolean {
    return this.#positions?.includes(position) === true
  }
}
