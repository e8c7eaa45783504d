import { crc32 } from 'node:zlib'
import type { GroupCommit } from '../group-commit.ts'

// A record: crc u32 | length u32 | kind u8 | what the kind has. The checksum is over kind and body.
//
//   MESSAGE  id f64 | time f64 | payload      its position is how many came before it
//   TAKEN    first f64 | count u32            handed out: so many from a position on
//   ACKED    first f64 | count u32
//   FAILED   position f64
export const KIND = { MESSAGE: 1, TAKEN: 2, ACKED: 3, FAILED: 4 } as const

const BODY = 9
const PAYLOAD = BODY + 16

/** Answers where in the file it will be. */
export function writeMessage(log: GroupCommit, id: number, time: number, payload: Uint8Array): number {
  const at = log.reserve(PAYLOAD + payload.length)
  const { bytes } = log
  bytes.writeDoubleLE(id, at + BODY)
  bytes.writeDoubleLE(time, at + BODY + 8)
  bytes.set(payload, at + PAYLOAD)
  seal(bytes, at, KIND.MESSAGE, 16 + payload.length)
  return log.positionOf(at)
}

export function writeRange(log: GroupCommit, kind: 2 | 3, first: number, count: number): void {
  const at = log.reserve(BODY + 12)
  log.bytes.writeDoubleLE(first, at + BODY)
  log.bytes.writeUInt32LE(count, at + BODY + 8)
  seal(log.bytes, at, kind, 12)
}

export function writeFailed(log: GroupCommit, position: number): void {
  const at = log.reserve(BODY + 8)
  log.bytes.writeDoubleLE(position, at + BODY)
  seal(log.bytes, at, KIND.FAILED, 8)
}

function seal(bytes: Buffer, at: number, kind: number, length: number): void {
  bytes.writeUInt32LE(length, at + 4)
  bytes[at + 8] = kind
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, at + BODY + length)), at)
}

/** Bytes of the record at an offset, or 0 where it is not whole. */
export function lengthAt(bytes: Buffer, at: number): number {
  if (at + BODY > bytes.length) return 0
  const length = BODY + bytes.readUInt32LE(at + 4)
  return at + length > bytes.length ? 0 : length
}

/** @throws Error unless the record, which is whole, is what was written. */
export function check(bytes: Buffer, at: number): void {
  if (crc32(bytes.subarray(at + 8, at + lengthAt(bytes, at))) === bytes.readUInt32LE(at)) return
  throw new Error(`The record at ${at} is not what was written.`)
}

export const kindAt = (bytes: Buffer, at: number): number => bytes[at + 8] as number
export const firstAt = (bytes: Buffer, at: number): number => bytes.readDoubleLE(at + BODY)
export const countAt = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + BODY + 8)
export const payloadAt = (bytes: Buffer, at: number): Buffer => bytes.subarray(at + PAYLOAD, at + lengthAt(bytes, at))
