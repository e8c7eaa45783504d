const encoder = new TextEncoder()

/**
 * The partition of a message: `murmur2(key ?? id) mod n`, as Kafka's own clients choose it, so that messages published by
 * others under the same key meet ours.
 *
 * @param text The ordering key, or the id where there is none.
 *
 * @example
 * ```ts
 * import { type OutgoingMessage, partitionOf } from '@pluribus/core/driver'
 *
 * const place = ({ key, id }: OutgoingMessage) => partitionOf(key ?? id, 16)
 * ```
 */
export function partitionOf(text: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(encoder.encode(text)) & 0x7fffffff) % partitions
}

/** MurmurHash2, 32 bit, by Austin Appleby (public domain), with the seed that Kafka uses. Signed. */
export function murmur2(bytes: Uint8Array): number {
  const factor = 0x5bd1e995
  let hash = 0x9747b28c ^ bytes.length
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
    word = Math.imul(word, factor)
    word = Math.imul(word ^ (word >>> 24), factor)
    hash = Math.imul(hash, factor) ^ word
  }
  const rest = bytes.length - whole
  if (rest > 2) hash ^= byte(bytes, whole + 2) << 16
  if (rest > 1) hash ^= byte(bytes, whole + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ byte(bytes, whole), factor)
  hash = Math.imul(hash ^ (hash >>> 13), factor)
  return (hash ^ (hash >>> 15)) | 0
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number
