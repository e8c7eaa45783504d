import { crc32 } from 'node:zlib'
import { CRC_32_IEEE, FORMAT_VERSION, refuseNewer } from './refuse-newer.js'
import { readU64, writeU64 } from './u64.js'

// The header of a segment, little-endian, written once, before the file gets its name:
//
//    0        4         6            7      8                                24           28
//   +--------+---------+------------+------+--------------------------------+------------+-------------+
//   | magic  | version | crc kind 1 | zero | log id, 16 bytes               | segment id | previous id |
//   +--------+---------+------------+------+--------------------------------+------------+-------------+
//    32                40                      48        56             60           64           68
//   +-----------------+-----------------------+---------+--------------+------------+------------+-----+
//   | base sequence   | previous end sequence | time    | previous end | generation | previous g | crc |
//   +-----------------+-----------------------+---------+--------------+------------+------------+-----+
//
//   previous id            the segment before it in the log; 0 for the first
//   previous end           where that one ends: what stands behind this offset does not exist
//   previous end sequence  the sequence number after its last record
//   base sequence          that of the first record here; what lies between is declared as never used, or lost
//   time                   milliseconds since the epoch at which it was made
//   generation             of the writer that made it
//   previous g             of the writer that made the one before: with its id it says which file that is
//   crc                    CRC-32 of the 68 bytes before it
//
// Whatever later versions change, magic and version stay where they are, and so does the checksum over these 72 bytes.
const MAGIC = 0x31_53_4c_50
const VERSION = 4
const CRC_KIND = 6
const LOG_ID = 8
const ID = 24
const PREVIOUS_ID = 28
const BASE = 32
const PREVIOUS_NEXT = 40
const TIME = 48
const PREVIOUS_END = 56
const GENERATION = 60
const PREVIOUS_GENERATION = 64
const CRC = 68

/** Bytes of a segment's header: the offset of its first batch. */
export const SEGMENT_HEADER = 72

/** Bytes of a log's id. */
export const LOG_ID_BYTES = 16

/** What a segment says of itself and of the one before it. */
export interface SegmentHeader {
  readonly logId: Buffer
  readonly id: number
  /** Sequence number of the first record that it may hold. */
  readonly base: number
  readonly previous: SegmentEnd & SegmentKey
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly generation: number
}

/** Which segment: a writer that has been replaced, and does not know it, may make one of an id that is taken. */
export interface SegmentKey {
  readonly id: number
  readonly generation: number
}

/** Where a segment ends. */
export interface SegmentEnd {
  readonly offset: number
  /** Sequence number after its last record. */
  readonly next: number
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt16LE(FORMAT_VERSION, VERSION)
  bytes[CRC_KIND] = CRC_32_IEEE
  header.logId.copy(bytes, LOG_ID)
  bytes.writeUInt32LE(header.id, ID)
  bytes.writeUInt32LE(header.previous.id, PREVIOUS_ID)
  writeU64(bytes, header.base, BASE)
  writeU64(bytes, header.previous.next, PREVIOUS_NEXT)
  writeU64(bytes, header.time, TIME)
  bytes.writeUInt32LE(header.previous.offset, PREVIOUS_END)
  bytes.writeUInt32LE(header.generation, GENERATION)
  bytes.writeUInt32LE(header.previous.generation, PREVIOUS_GENERATION)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC)), CRC)
  return bytes
}

/**
 * The header in the first bytes of a file, or undefined where they are not an intact one.
 *
 * @throws LogError `UNSUPPORTED_FORMAT` when it is intact and of a version that this program does not know.
 */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, CRC)) !== bytes.readUInt32LE(CRC)) return undefined
  refuseNewer(bytes.readUInt16LE(VERSION), bytes[CRC_KIND])
  return {
    logId: Buffer.from(bytes.subarray(LOG_ID, LOG_ID + LOG_ID_BYTES)),
    id: bytes.readUInt32LE(ID),
    base: readU64(bytes, BASE),
    previous: {
      id: bytes.readUInt32LE(PREVIOUS_ID),
      generation: bytes.readUInt32LE(PREVIOUS_GENERATION),
      offset: bytes.readUInt32LE(PREVIOUS_END),
      next: readU64(bytes, PREVIOUS_NEXT),
    },
    time: readU64(bytes, TIME),
    generation: bytes.readUInt32LE(GENERATION),
  }
}
