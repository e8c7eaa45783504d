const SLAB = 256 * 1_024
/** A payload above this gets memory of its own: it would waste most of a slab, and hold it for long. */
const LARGE = 32 * 1_024

/**
 * Copies payloads into large slabs: an own `Uint8Array` per message of more than V8's on-heap limit costs a multiple of the
 * whole publish. A slab lives as long as any message in it.
 */
export class Slab {
  #buffer = new ArrayBuffer(0)
  #used = 0

  copy(bytes: Uint8Array): Uint8Array {
    const size = bytes.byteLength
    if (size > LARGE) return new Uint8Array(bytes)
    if (this.#used + size > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SLAB)
      this.#used = 0
    }
    const copy = new Uint8Array(this.#buffer, this.#used, size)
    copy.set(bytes)
    this.#used += size
    return copy
  }
}
