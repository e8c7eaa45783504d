import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/*
 * A column: numbers of one kind, as many as the reader knows of, little-endian.
 *
 *   base f64 | width u8 | each number as its distance from the base: width 2 as u16, 4 as u32, 8 as f64
 *
 * Numbers that lie near each other take two bytes each, and no byte is looked at to find where the next one begins.
 */
const NARROW = 2
const MIDDLE = 4
const WIDE = 8

/** Whole numbers from 0: those at `places`. */
export function writeColumn(writer: ByteWriter, numbers: ArrayLike<number>, places: ArrayLike<number>): void {
  const { length } = places
  let [base, largest] = [Number.POSITIVE_INFINITY, 0]
  for (let index = 0; index < length; index++) {
    const number = numbers[places[index] as number] as number
    if (number < base) base = number
    if (number > largest) largest = number
  }
  const span = largest - base
  const width = span <= 0xffff ? NARROW : span <= 0xffff_ffff ? MIDDLE : WIDE
  const bytes = Buffer.allocUnsafe(length * width)
  // A loop for each width: what is the same for all numbers is not asked for each.
  if (width === NARROW) {
    for (let index = 0; index < length; index++) {
      const distance = (numbers[places[index] as number] as number) - base
      bytes[2 * index] = distance
      bytes[2 * index + 1] = distance >>> 8
    }
  } else if (width === MIDDLE) {
    for (let index = 0; index < length; index++) {
      bytes.writeUInt32LE((numbers[places[index] as number] as number) - base, MIDDLE * index)
    }
  } else {
    for (let index = 0; index < length; index++) {
      bytes.writeDoubleLE((numbers[places[index] as number] as number) - base, WIDE * index)
    }
  }
  writer.f64(base).u8(width).bytes(bytes)
}

/** Into the `places` of `target`. @throws RangeError where there is less than that. */
export function readColumn(reader: ByteReader, target: { [at: number]: number }, places: ArrayLike<number>): void {
  const { length } = places
  const [base, width] = [reader.f64(), reader.u8()]
  const bytes = reader.bytes(length * width)
  if (width === NARROW) {
    for (let index = 0; index < length; index++) {
      const distance = (bytes[2 * index] as number) | ((bytes[2 * index + 1] as number) << 8)
      target[places[index] as number] = base + distance
    }
  } else if (width === MIDDLE) {
    for (let index = 0; index < length; index++) {
      target[places[index] as number] = base + bytes.readUInt32LE(MIDDLE * index)
    }
  } else {
    for (let index = 0; index < length; index++) {
      target[places[index] as number] = base + bytes.readDoubleLE(WIDE * index)
    }
  }
}
