import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodeBatchHeader, encodeBatchHeader } from '../src/format/batch-header.js'
import { decodeCheckpoint, encodeCheckpoint } from '../src/format/checkpoint-file.js'
import { decodeCleanMark, encodeCleanMark } from '../src/format/clean-mark.js'
import { recordCrc } from '../src/format/record-crc.js'
import { decodeRecords } from '../src/format/record-frame.js'
import { batchSeed, recordSeed } from '../src/format/seeds.js'
import { decodeSegmentHeader, encodeSegmentHeader } from '../src/format/segment-header.js'
import { readU64, writeU64 } from '../src/format/u64.js'
import { batch, LOG, LOG_ID, segmentHeader } from './frames.js'

const golden = (...lines: readonly string[]) => lines.join('').replaceAll(' ', '')
const GOLDEN = {
  segment: golden(
    '504c5331 0100 01 00 000102030405060708090a0b0c0d0e0f 02000000 01000000',
    '0500000001000000 0300000001000000 0068e5cf8b010000 34120000 03000000 06000000 e9200c07',
  ),
  batch: golden(
    '504c4231 14000000 0100000000000000 02000000 01 000000 0168e5cf8b010000 03000000 9fde2ead',
    '67585356 02000000 07 6162  b4022e11 00000000 07  00000000',
  ),
  checkpoint: golden(
    '504c4331 0100 01 00 000102030405060708090a0b0c0d0e0f 0900000000000000 0400000000000000',
    '0b00000000000000 02000000 05000000 fbd293a3 f3f94e43 7374617465',
  ),
  clean: golden(
    '504c4531 0100 01 00 000102030405060708090a0b0c0d0e0f 02000000 88000000 0c00000000000000 00000000 52b862ed',
  ),
}

const header = segmentHeader({
  id: 2,
  base: 0x1_0000_0005,
  previous: { id: 1, generation: 6, offset: 0x1234, next: 0x1_0000_0003 },
})
const checkpoint = { logId: LOG_ID, sequence: 9, keepFrom: 4, next: 11, segmentId: 2, state: Buffer.from('state') }
const mark = { logId: LOG_ID, segmentId: 2, end: { offset: 0x88, next: 12 } }

describe('golden bytes', () => {
  test('of a segment header', () => {
    expect(encodeSegmentHeader(header).toString('hex')).toBe(GOLDEN.segment)
    expect(decodeSegmentHeader(Buffer.from(GOLDEN.segment, 'hex'))).toEqual(header)
  })

  test('of a batch of two records', () => {
    expect(batch(1, [Buffer.from('ab'), Buffer.alloc(0)]).toString('hex')).toBe(GOLDEN.batch)
  })

  test('of a checkpoint', () => {
    expect(encodeCheckpoint(checkpoint).toString('hex')).toBe(GOLDEN.checkpoint)
    expect(decodeCheckpoint(Buffer.from(GOLDEN.checkpoint, 'hex'))).toEqual(checkpoint)
  })

  test('of the mark of an orderly close', () => {
    expect(encodeCleanMark(mark).toString('hex')).toBe(GOLDEN.clean)
    expect(decodeCleanMark(Buffer.from(GOLDEN.clean, 'hex'))).toEqual(mark)
  })
})

describe('a newer format', () => {
  const newer = (bytes: Buffer, crc: number) => {
    const changed = Buffer.from(bytes)
    changed.writeUInt16LE(2, 4)
    changed.writeUInt32LE(crc32(changed.subarray(0, crc)), crc)
    return changed
  }
  const error = expect.objectContaining({ code: 'UNSUPPORTED_FORMAT', retryable: false })

  test.each([
    ['segment', () => decodeSegmentHeader(newer(encodeSegmentHeader(header), 68))],
    ['checkpoint', () => decodeCheckpoint(newer(encodeCheckpoint(checkpoint), 60))],
    ['clean mark', () => decodeCleanMark(newer(encodeCleanMark(mark), 44))],
  ])('of a %s is refused by name', (_, decode) => expect(decode).toThrowError(error))

  test('is not what a flipped bit in the version makes of it', () => {
    const bytes = encodeSegmentHeader(header)
    bytes[4] = 2
    expect(decodeSegmentHeader(bytes)).toBeUndefined()
  })
})

describe('a checksum', () => {
  const bytes = batch(5, [Buffer.from('one'), Buffer.from('two')])
  const body = bytes.subarray(40, 40 + bytes.readUInt32LE(4))

  test('of a record holds at its own sequence number only', () => {
    expect(decodeRecords(body, { first: 5, count: 2, time: 1 }, LOG)?.map(({ sequence }) => sequence)).toEqual([5, 6])
    for (const first of [4, 6, 5 + 2 ** 32])
      expect(decodeRecords(body, { first, count: 2, time: 1 }, LOG)).toBeUndefined()
  })

  test('of a record holds in its own log only', () => {
    expect(decodeRecords(body, { first: 5, count: 2, time: 1 }, LOG ^ 1)).toBeUndefined()
  })

  test('of a batch holds in its own segment only, and at its own offset', () => {
    expect(decodeBatchHeader(bytes, 0, batchSeed(LOG, 1, 72))?.first).toBe(5)
    expect(decodeBatchHeader(bytes, 0, batchSeed(LOG, 2, 72))).toBeUndefined()
    expect(decodeBatchHeader(bytes, 0, batchSeed(LOG, 1, 584))).toBeUndefined()
  })

  test('is begun differently for every sequence number of four billion, and for the next four', () => {
    const seeds = [1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 1].map(sequence => recordSeed(LOG, sequence))
    expect(new Set(seeds).size).toBe(seeds.length)
  })
})

test('records fill their batch exactly', () => {
  const bytes = batch(1, [Buffer.from('one'), Buffer.from('two')])
  const body = bytes.subarray(40, 40 + bytes.readUInt32LE(4))
  expect(decodeRecords(body, { first: 1, count: 1, time: 1 }, LOG)).toBeUndefined()
  expect(decodeRecords(body, { first: 1, count: 3, time: 1 }, LOG)).toBeUndefined()
})

test('a batch longer than a reader holds, or beyond the largest number, is none', () => {
  const seed = batchSeed(LOG, 1, 72)
  const base = { kind: 'data', length: 9, first: 1, count: 1, time: 1, generation: 1 } as const
  const decoded = (changes: Partial<{ length: number; first: number; kind: 'lost' }>) => {
    const bytes = Buffer.alloc(40)
    encodeBatchHeader(bytes, { ...base, ...changes }, seed)
    return decodeBatchHeader(bytes, 0, seed)
  }
  expect(decoded({ length: 32 * 1024 * 1024 })).toBeDefined()
  expect(decoded({ length: 32 * 1024 * 1024 + 1 })).toBeUndefined()
  expect(decoded({ length: 2 ** 32 - 1, kind: 'lost' })).toBeDefined()
  expect(decoded({ first: Number.MAX_SAFE_INTEGER - 1 })).toBeDefined()
  expect(decoded({ first: Number.MAX_SAFE_INTEGER })).toBeUndefined()
})

test.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 33 + 5, Number.MAX_SAFE_INTEGER])('%d keeps its value', value => {
  const bytes = Buffer.alloc(8)
  writeU64(bytes, value, 0)
  expect(readU64(bytes, 0)).toBe(value)
})

test('the sum over a record is that over its bytes', () => {
  for (const [length, kind, seed] of [
    [0, 0, 0],
    [3, 255, 1],
    [70_000, 7, 0xffff_ffff],
    [16_777_217, 1, 0x8000_0000],
  ] as const) {
    const bytes = Buffer.alloc(5 + length, 'body')
    bytes.writeUInt32LE(length)
    bytes[4] = kind
    expect(recordCrc(length, kind, bytes.subarray(5), seed)).toBe(crc32(bytes, seed))
  }
})
