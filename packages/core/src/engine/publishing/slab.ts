const SLAB = 256 * 1_024
/** A payload above this gets memory of its own: it would waste most of a slab, and hold it for long. */
const LARGE = 32 * 1_024

/**
 * Copies payloads into large slabs: an own `Uint8Array` per message of more than V8's on-heap limit costs a multiple of the
 * whole publish. A slab lives as long as any message in it.
 */
export class Slab {
  #current = new Uint8Array(0)
  #used = 0
  /** Where the last copy is: in these bytes, from `offset` on. A view of it is for whoever reads it to make. */
  bytes = this.#current
  offset = 0
  size = 0

  copy(bytes: Uint8Array): void {
    const size = bytes.byteLength
    this.size = size
    if (size > LARGE) {
      this.bytes = new Uint8Array(bytes)
      this.offset = 0
      return
    }
    if (this.#used + size > this.#current.byteLength) {
      this.#current = new Uint8Array(SLAB)
      this.#used = 0
    }
    this.bytes = this.#current
    this.offset = this.#used
    this.#current.set(bytes, this.#used)
    this.#used += size
  }
}
