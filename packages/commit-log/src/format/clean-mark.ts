import { crc32 } from 'node:zlib'
import { CRC_32_IEEE, FORMAT_VERSION, refuseNewer } from './refuse-newer.js'
import { LOG_ID_BYTES, type SegmentEnd } from './segment-header.js'
import { readU64, writeU64 } from './u64.js'

// The mark of an orderly close, little-endian; a file of its own. It speaks of one segment, and is void once there is a later one.
//
//    0        4         6            7      8                  24        28           32              40    44
//   +--------+---------+------------+------+------------------+---------+------------+---------------+------+-----+
//   | magic  | version | crc kind 1 | zero | log id, 16 bytes | segment | end offset | next sequence | zero | crc |
//   +--------+---------+------------+------+------------------+---------+------------+---------------+------+-----+
const MAGIC = 0x31_45_4c_50
const VERSION = 4
const CRC_KIND = 6
const LOG_ID = 8
const SEGMENT = 24
const END = 28
const NEXT = 32
const CRC = 44
const LENGTH = 48

/** Where a log ended when it was closed. */
export interface CleanMark {
  readonly logId: Buffer
  readonly segmentId: number
  readonly end: SegmentEnd
}

export function encodeCleanMark({ logId, segmentId, end }: CleanMark): Buffer {
  const bytes = Buffer.alloc(LENGTH)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt16LE(FORMAT_VERSION, VERSION)
  bytes[CRC_KIND] = CRC_32_IEEE
  logId.copy(bytes, LOG_ID)
  bytes.writeUInt32LE(segmentId, SEGMENT)
  bytes.writeUInt32LE(end.offset, END)
  writeU64(bytes, end.next, NEXT)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC)), CRC)
  return bytes
}

/**
 * The mark in a file's bytes, or undefined where they are not an intact one: then the close was none.
 *
 * @throws LogError `UNSUPPORTED_FORMAT` when it is intact and of a version that this program does not know.
 */
export function decodeCleanMark(bytes: Buffer): CleanMark | undefined {
  if (bytes.length !== LENGTH || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, CRC)) !== bytes.readUInt32LE(CRC)) return undefined
  refuseNewer(bytes.readUInt16LE(VERSION), bytes[CRC_KIND])
  return {
    logId: bytes.subarray(LOG_ID, LOG_ID + LOG_ID_BYTES),
    segmentId: bytes.readUInt32LE(SEGMENT),
    end: { offset: bytes.readUInt32LE(END), next: readU64(bytes, NEXT) },
  }
}
