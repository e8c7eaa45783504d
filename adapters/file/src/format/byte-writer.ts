const SMALLEST = 256
const LOW = 0x7f
const MORE = 0x80
const BITS = 128

/** Writes numbers and text one after the other, little-endian, into bytes that grow. */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(SMALLEST)
  #at = 0

  /** What was written. Valid until more is. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  u8(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
    return this
  }

  u32(value: number): this {
    this.#reserve(4)
    this.#at = this.#bytes.writeUInt32LE(value, this.#at)
    return this
  }

  f64(value: number): this {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
    return this
  }

  /** A whole number from 0, seven bits a byte, the lowest first. */
  count(value: number): this {
    this.#reserve(8)
    let rest = value
    while (rest > LOW) {
      this.#bytes[this.#at++] = (rest % BITS) | MORE
      rest = Math.floor(rest / BITS)
    }
    this.#bytes[this.#at++] = rest
    return this
  }

  /** Positions up to 2^52, in any order: how many, then each as its distance from the one before. */
  positions(positions: ArrayLike<number>, length: number = positions.length): this {
    this.count(length)
    let last = 0
    for (let index = 0; index < length; index++) {
      const position = positions[index] as number
      this.distance(position - last)
      last = position
    }
    return this
  }

  /** A whole number of either sign, as a count with the sign in the lowest bit. */
  distance(distance: number): this {
    return this.count(distance < 0 ? -2 * distance - 1 : 2 * distance)
  }

  text(text: string): this {
    const length = Buffer.byteLength(text)
    this.count(length)
    this.#reserve(length)
    this.#at += this.#bytes.write(text, this.#at)
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.byteLength)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.byteLength
    return this
  }

  #reserve(bytes: number): void {
    const least = this.#at + bytes
    if (least <= this.#bytes.length) return
    const longer = Buffer.allocUnsafe(Math.max(least, 2 * this.#bytes.length))
    this.#bytes.copy(longer, 0, 0, this.#at)
    this.#bytes = longer
  }
}
