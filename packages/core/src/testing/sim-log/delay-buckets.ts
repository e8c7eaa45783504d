/** The accuracy of delays, in milliseconds. */
export const DELAY_TICK = 50
/** Bucket `n` keeps everything for `DELAY_TICK · 2^n` milliseconds: the last one for more than a year. */
export const BUCKETS = 30

const lengthOf = (bucket: number): number => DELAY_TICK * 2 ** bucket

/**
 * The next of the buckets that a delay is made of, longest first, and what is left of the delay after that. The delay is rounded up
 * to the tick. Everything in a bucket waits equally long, so that the first is always due first; and equal delays take the same
 * way, so that they arrive in the order in which they left.
 */
export function nextBucket(delay: number): { readonly bucket: number; readonly wait: number; readonly left: number } {
  const rounded = Math.ceil(delay / DELAY_TICK) * DELAY_TICK
  let bucket = 0
  while (bucket < BUCKETS - 1 && lengthOf(bucket + 1) <= rounded) bucket++
  const wait = lengthOf(bucket)
  return { bucket, wait, left: Math.max(0, rounded - wait) }
}
