import { crc32 } from 'node:zlib'

const SPREAD = 0x9e3779b1

/**
 * A CRC that begins with a seed is right in one place only. Two seeds that differ never give equal sums over equal bytes, because
 * the rounds of a CRC can be undone. So a frame that the device wrote to the wrong place, or that was copied there, fails.
 */
export const logSeed = (logId: Buffer): number => crc32(logId)

/** Seed of the header of a batch: its segment and the offset at which it begins there. */
export const batchSeed = (log: number, segmentId: number, offset: number): number =>
  (log ^ Math.imul(segmentId, SPREAD) ^ offset) >>> 0

/** Seed of one record: it stays with the record when the batch is copied to another segment, so that no sum is ever made anew. */
export const recordSeed = (log: number, sequence: number): number =>
  (log ^ sequence ^ Math.imul((sequence / 0x1_0000_0000) | 0, SPREAD)) >>> 0
