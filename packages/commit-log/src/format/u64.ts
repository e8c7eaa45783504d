const WORD = 2 ** 32

/** Writes a whole number of up to 2^53 - 1 as two little-endian words of 32 bits. */
export function writeU64(target: Buffer, value: number, offset: number): void {
  const low = value >>> 0
  target.writeUInt32LE(low, offset)
  target.writeUInt32LE((value - low) / WORD, offset + 4)
}

/** Reads what {@link writeU64} wrote. A number beyond 2^53 - 1 comes back unsafe: whoever has no checksum over it asks. */
export const readU64 = (source: Buffer, offset: number): number =>
  source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * WORD
