import { crc32 } from 'node:zlib'
import { readU64, writeU64 } from './u64.js'

// The header of one batch, little-endian. A batch begins at a multiple of 8, its records follow, and zeros fill it up to the next one.
//
//    0        4         8                 16      20     21          24              32           36
//   +--------+---------+-----------------+-------+------+-----------+---------------+------------+-----+
//   | magic  | length  | first sequence  | count | kind | zeros     | time          | generation | crc |
//   +--------+---------+-----------------+-------+------+-----------+---------------+------------+-----+
//
//   length      bytes of the records, without the zeros behind them
//   count       records; for a loss, sequence numbers that were lost
//   kind        1: records. 2: a declared loss: what stood here was damaged, and the bytes behind the header mean nothing
//   time        milliseconds since the epoch at which the batch was committed, never smaller than that of the batch before
//   generation  of the writer
//   crc         CRC-32 of the 36 bytes before it, begun with the batch's seed: its log, its segment, its offset
const MAGIC = 0x31_42_4c_50
const LENGTH = 4
const FIRST = 8
const COUNT = 16
const KIND = 20
const TIME = 24
const GENERATION = 32
const CRC = 36

/** Bytes of a batch's header. */
export const BATCH_HEADER = 40

/** A batch begins at a multiple of it, in its segment. */
export const ALIGNMENT = 8

/** What a search for batches looks for: "PLB1". */
export const BATCH_MAGIC = Buffer.from('PLB1', 'latin1')

/** Most bytes the records of one batch may take together, with {@link RECORD_OVERHEAD} for each. A reader never has to hold more. */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024

const KINDS = { data: 1, lost: 2 } as const

/** What stands before the records of a batch. */
export interface BatchHeader {
  readonly kind: keyof typeof KINDS
  /** Bytes of the body. */
  readonly length: number
  /** Sequence number of the first record. */
  readonly first: number
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly generation: number
}

/** `offset`, or the next one at which a batch may begin. */
export const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT

/** Bytes from the start of a batch to the start of the next one. */
export const batchSize = ({ length }: Pick<BatchHeader, 'length'>): number => aligned(BATCH_HEADER + length)

export function encodeBatchHeader(target: Buffer, header: BatchHeader, seed: number): void {
  target.writeUInt32LE(MAGIC, 0)
  target.writeUInt32LE(header.length, LENGTH)
  writeU64(target, header.first, FIRST)
  target.writeUInt32LE(header.count, COUNT)
  target.writeUInt32LE(KINDS[header.kind], KIND)
  writeU64(target, header.time, TIME)
  target.writeUInt32LE(header.generation, GENERATION)
  target.writeUInt32LE(crc32(target.subarray(0, CRC), seed), CRC)
}

/** The header at `offset` of `source`, or undefined where there is none with this seed. */
export function decodeBatchHeader(source: Buffer, offset: number, seed: number): BatchHeader | undefined {
  if (offset + BATCH_HEADER > source.length || source.readUInt32LE(offset) !== MAGIC) return undefined
  const crc = crc32(source.subarray(offset, offset + CRC), seed)
  if (crc !== source.readUInt32LE(offset + CRC)) return undefined
  const kind = source[offset + KIND]
  const header: BatchHeader = {
    kind: kind === KINDS.data ? 'data' : 'lost',
    length: source.readUInt32LE(offset + LENGTH),
    first: readU64(source, offset + FIRST),
    count: source.readUInt32LE(offset + COUNT),
    time: readU64(source, offset + TIME),
    generation: source.readUInt32LE(offset + GENERATION),
  }
  const isKnown = kind === KINDS.lost || (kind === KINDS.data && header.length <= MAX_BATCH_BYTES)
  return isKnown && Number.isSafeInteger(header.first + header.count) ? header : undefined
}
