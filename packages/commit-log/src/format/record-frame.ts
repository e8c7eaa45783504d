import { recordCrc } from './record-crc.js'
import { recordSeed } from './seeds.js'

// One record, little-endian, packed without padding:
//
//    0        4        8      9
//   +--------+--------+------+- - - - - - - -+
//   | crc    | length | kind | body          |
//   +--------+--------+------+- - - - - - - -+
//
//   crc     CRC-32 (IEEE) of everything behind it, begun with the record's seed: its log and its sequence number
//   length  bytes of the body
//   kind    the caller's, 0 to 255
//
// The sequence number itself is not stored: it is that of the batch's first record, plus the place within the batch.
const LENGTH = 4
const KIND = 8
const BODY = 9

/** Bytes of a record beside its body. */
export const RECORD_OVERHEAD = BODY

/**
 * What a log gives back.
 *
 * @example
 * ```ts
 * import type { LogRecord } from '@pluribus/commit-log'
 *
 * const text = ({ body }: LogRecord) => Buffer.from(body).toString()
 * ```
 */
export interface LogRecord {
  /** 1 for the first record of a log; the next one is larger, by 1 but where a loss was declared. Never used twice. */
  readonly sequence: number
  /** 0 to 255, as it was appended. */
  readonly kind: number
  /** Milliseconds since the epoch at which its batch was committed; never smaller than that of the record before. */
  readonly time: number
  /** A view of what was read: copy what is kept for long, or it keeps up to a megabyte alive. */
  readonly body: Uint8Array
}

/** Writes one record and returns the offset behind it. */
export function encodeRecord(
  target: Buffer,
  offset: number,
  record: { readonly kind: number; readonly body: Uint8Array },
  seed: number,
): number {
  const { length } = record.body
  target.writeUInt32LE(recordCrc(length, record.kind, record.body, seed), offset)
  target.writeUInt32LE(length, offset + LENGTH)
  target[offset + KIND] = record.kind
  target.set(record.body, offset + BODY)
  return offset + BODY + length
}

/** The records of a batch's body, or undefined unless every one of them checks and they fill it exactly. */
export function decodeRecords(
  body: Buffer,
  batch: { readonly first: number; readonly count: number; readonly time: number },
  log: number,
): LogRecord[] | undefined {
  const records: LogRecord[] = []
  let offset = 0
  for (let sequence = batch.first; sequence < batch.first + batch.count; sequence++) {
    if (offset + BODY > body.length) return undefined
    const length = body.readUInt32LE(offset + LENGTH)
    const kind = body[offset + KIND] as number
    const end = offset + BODY + length
    if (end > body.length) return undefined
    const content = body.subarray(offset + BODY, end)
    if (recordCrc(length, kind, content, recordSeed(log, sequence)) !== body.readUInt32LE(offset)) return undefined
    records.push({ sequence, kind, time: batch.time, body: content })
    offset = end
  }
  return offset === body.length ? records : undefined
}
