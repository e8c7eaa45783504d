import { crc32 } from 'node:zlib'
import { CRC_32_IEEE, FORMAT_VERSION, refuseNewer } from './refuse-newer.js'
import { LOG_ID_BYTES } from './segment-header.js'
import { readU64, writeU64 } from './u64.js'

// A checkpoint, little-endian; a file of its own:
//
//    0        4         6            7      8                 24         32          40      48        52       56          60    64
//   +--------+---------+------------+------+-----------------+----------+-----------+-------+---------+--------+-----------+-----+- - - - +
//   | magic  | version | crc kind 1 | zero | log id, 16 bytes | sequence | keep from | next  | segment | length | state crc | crc | state  |
//   +--------+---------+------------+------+-----------------+----------+-----------+-------+---------+--------+-----------+-----+- - - - +
//
//   sequence   the state is that after this record
//   keep from  records before it are no longer wanted
//   next       sequence number after the last record that was durable when the checkpoint was made
//   segment    the segment of that time: the log is never shorter than this
//   length     bytes of the state
//   crc        CRC-32 of the 60 bytes before it
const MAGIC = 0x31_43_4c_50
const VERSION = 4
const CRC_KIND = 6
const LOG_ID = 8
const SEQUENCE = 24
const KEEP_FROM = 32
const NEXT = 40
const SEGMENT = 48
const LENGTH = 52
const STATE_CRC = 56
const CRC = 60
const HEADER = 64

/** What a checkpoint says. */
export interface Checkpoint {
  readonly logId: Buffer
  readonly sequence: number
  readonly keepFrom: number
  readonly next: number
  readonly segmentId: number
  readonly state: Buffer
}

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const bytes = Buffer.alloc(HEADER + checkpoint.state.length)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt16LE(FORMAT_VERSION, VERSION)
  bytes[CRC_KIND] = CRC_32_IEEE
  checkpoint.logId.copy(bytes, LOG_ID)
  writeU64(bytes, checkpoint.sequence, SEQUENCE)
  writeU64(bytes, checkpoint.keepFrom, KEEP_FROM)
  writeU64(bytes, checkpoint.next, NEXT)
  bytes.writeUInt32LE(checkpoint.segmentId, SEGMENT)
  bytes.writeUInt32LE(checkpoint.state.length, LENGTH)
  bytes.writeUInt32LE(crc32(checkpoint.state), STATE_CRC)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC)), CRC)
  checkpoint.state.copy(bytes, HEADER)
  return bytes
}

/**
 * The checkpoint in a file's bytes, or undefined where they are not exactly an intact one.
 *
 * @throws LogError `UNSUPPORTED_FORMAT` when it is intact and of a version that this program does not know.
 */
export function decodeCheckpoint(bytes: Buffer): Checkpoint | undefined {
  if (bytes.length < HEADER || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, CRC)) !== bytes.readUInt32LE(CRC)) return undefined
  refuseNewer(bytes.readUInt16LE(VERSION), bytes[CRC_KIND])
  const state = bytes.subarray(HEADER)
  if (state.length !== bytes.readUInt32LE(LENGTH) || crc32(state) !== bytes.readUInt32LE(STATE_CRC)) return undefined
  return {
    logId: bytes.subarray(LOG_ID, LOG_ID + LOG_ID_BYTES),
    sequence: readU64(bytes, SEQUENCE),
    keepFrom: readU64(bytes, KEEP_FROM),
    next: readU64(bytes, NEXT),
    segmentId: bytes.readUInt32LE(SEGMENT),
    state,
  }
}
