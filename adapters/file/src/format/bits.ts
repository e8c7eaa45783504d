import type { Stretch } from '@pluribus/queue'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/** A set of small numbers as a word for each 32 of them, little-endian: the lowest is the lowest bit of the first. */
export function writeBits(writer: ByteWriter, words: Uint32Array): void {
  for (let index = 0; index < words.length; index++) writer.u32(words[index] as number)
}

export function readBits(reader: ByteReader, words: Uint32Array): void {
  for (let index = 0; index < words.length; index++) words[index] = reader.u32()
}

/** Which bits are set, rising. */
export function placesOf(words: Uint32Array): Uint16Array {
  const places = new Uint16Array(words.length * 32)
  let count = 0
  for (let at = 0; at < places.length; at++) {
    if (((words[at >>> 5] as number) & (1 << (at & 31))) !== 0) places[count++] = at
  }
  return places.subarray(0, count)
}

/** Those that are set, as stretches, rising, counted from `first`. */
export function stretchesIn(words: Uint32Array, first: number): readonly Stretch[] {
  const stretches: Stretch[] = []
  const length = words.length * 32
  let from = -1
  for (let at = 0; at < length; ) {
    const word = words[at >>> 5] as number
    // Most words are all of one kind.
    const isWhole = (at & 31) === 0 && (word === 0 || word === 0xffff_ffff)
    const isSet = (word & (1 << (at & 31))) !== 0
    if (isSet && from < 0) from = at
    if (!isSet && from >= 0) {
      stretches.push({ from: first + from, to: first + at })
      from = -1
    }
    at += isWhole ? 32 : 1
  }
  if (from >= 0) stretches.push({ from: first + from, to: first + length })
  return stretches
}
