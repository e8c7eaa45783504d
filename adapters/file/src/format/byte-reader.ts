const LOW = 0x7f
const MORE = 0x80
const BITS = 128

/** Reads what a {@link ByteWriter} has written. Beyond the end it throws `RangeError`. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  u8(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('The record ends within a field.')
    return byte
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return value
  }

  f64(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  count(): number {
    const first = this.u8()
    if (first < MORE) return first
    let value = first & LOW
    for (let unit = BITS; ; unit *= BITS) {
      const byte = this.u8()
      value += (byte & LOW) * unit
      if ((byte & MORE) === 0) return value
    }
  }

  positions(): number[] {
    const positions: number[] = []
    let last = 0
    for (let left = this.count(); left > 0; left--) {
      last += this.distance()
      positions.push(last)
    }
    return positions
  }

  distance(): number {
    const distance = this.count()
    return distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2
  }

  text(): string {
    const length = this.count()
    return this.bytes(length).toString('utf8')
  }

  /** A view. */
  bytes(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('The record ends within a field.')
    const found = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return found
  }
}
