type NumberArray = Float64Array | Int32Array | Uint32Array | Uint8Array

/** A copy of `array` with room for `length` numbers; the new ones are 0. */
export function grown<T extends NumberArray>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length)
  larger.set(array)
  return larger
}
