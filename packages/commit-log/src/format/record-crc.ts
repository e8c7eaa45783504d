import { crc32 } from 'node:zlib'

const POLYNOMIAL = 0xedb88320

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  return value
})

const step = (crc: number, byte: number): number => (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)

/**
 * The sum over a record's length, kind and body, in this order. The first five bytes are summed up here: for `node:zlib` they would have
 * to stand before the body in one buffer, and making a view of that takes longer than the sum does.
 */
export function recordCrc(length: number, kind: number, body: Uint8Array, seed: number): number {
  let crc = ~seed
  crc = step(crc, length)
  crc = step(crc, length >>> 8)
  crc = step(crc, length >>> 16)
  crc = step(crc, length >>> 24)
  crc = step(crc, kind)
  return crc32(body, ~crc >>> 0)
}
