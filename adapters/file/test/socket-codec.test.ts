import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, MAX_FRAME, REPLY } from '../src/socket/frame.js'
import { FrameDecoder } from '../src/socket/frame-decoder.js'
import { MAX_DEPTH, MAX_VALUES, type PlainValue } from '../src/socket/plain-value.js'
import { ValueDecoder } from '../src/socket/value-decoder.js'
import { ValueEncoder } from '../src/socket/value-encoder.js'

const RUNS = { numRuns: 400 }

function encode(value: unknown): Buffer {
  const encoder = new ValueEncoder(MAX_FRAME)
  encoder.value(value)
  return encoder.bytes
}

function decode(bytes: Buffer): PlainValue {
  const decoder = new ValueDecoder(bytes)
  const value = decoder.value()
  decoder.end()
  return value
}

const anyPlain = fc.letrec<{ value: PlainValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      undefined,
      null,
      true,
      false,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 31,
      -(2 ** 31),
      2 ** 53,
    ),
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', 'é', '😀', '\0') }),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString')), tie('value')),
  ),
})).value

describe('values', () => {
  test('arrive as they were sent', () => {
    fc.assert(
      fc.property(anyPlain, value => isDeepStrictEqual(decode(encode(value)), revived(value))),
      RUNS,
    )
  })

  test('with a key named as the prototype, change no prototype', () => {
    const value = decode(encode(JSON.parse('{"__proto__":{"polluted":1}}'))) as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect('polluted' in value).toBe(false)
    expect('polluted' in {}).toBe(false)
  })

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', { inside: new Map() }],
    ['an error', [new Error('no')]],
  ])('%s is refused', (_, value) => {
    expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('that refer to themselves are refused, and so is what is nested too deep; what is as deep as is legal passes', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => encode(cycle)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    const nested = (depth: number) => {
      let value: PlainValue = 1
      for (let level = 0; level < depth; level++) value = [value]
      return value
    }
    expect(decode(encode(nested(MAX_DEPTH)))).toEqual(nested(MAX_DEPTH))
    expect(() => encode(nested(MAX_DEPTH + 1))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    const lists = (count: number) =>
      decode(Buffer.concat([Buffer.alloc(5 * count, '0901000000', 'hex'), Buffer.from([1])]))
    expect(lists(MAX_DEPTH)).toBeInstanceOf(Array)
    for (const count of [MAX_DEPTH + 1, 1_000_000]) {
      expect(() => lists(count)).toThrow(expect.objectContaining({ code: 'DECODING' }))
    }
  })

  test('are limited in number on both sides', () => {
    expect(() => encode(Array.from({ length: MAX_VALUES }, () => null))).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
    const bytes = Buffer.alloc(5 + MAX_VALUES, 1)
    bytes[0] = 9
    bytes.writeUInt32LE(MAX_VALUES, 1)
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'DECODING' }))
  })

  test('cut off anywhere, or with any byte changed, are refused or are other values', () => {
    fc.assert(
      fc.property(anyPlain, fc.nat(), fc.nat(255), (value, place, byte) => {
        const bytes = encode(value)
        const at = place % bytes.length
        expect(() => decode(bytes.subarray(0, at))).toThrow(expect.objectContaining({ code: 'DECODING' }))
        bytes[at] = byte
        refusedOrPlain(bytes)
      }),
      RUNS,
    )
  })

  test('of arbitrary bytes are refused or are values', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => refusedOrPlain(Buffer.from(bytes))),
      { numRuns: 5000 },
    )
  })

  test.each([
    ['a count beyond the bytes', [9, 0xff, 0xff, 0xff, 0xff]],
    ['a length beyond the bytes', [6, 0xff, 0xff, 0xff, 0x7f]],
    ['a key twice', [10, 2, 0, 0, 0, 6, 1, 0, 0, 0, 97, 1, 6, 1, 0, 0, 0, 97, 1]],
    ['a key that is no text', [10, 1, 0, 0, 0, 4, 1, 0, 0, 0, 1]],
    ['a text that is no UTF-8', [6, 2, 0, 0, 0, 0xc0, 0x80]],
    ['half a character', [7, 1, 0, 0, 0, 65]],
    ['an unknown kind', [11]],
    ['something behind it', [1, 1]],
    ['nothing', []],
  ])('with %s are refused', (_, bytes) => {
    expect(() => decode(Buffer.from(bytes))).toThrow(expect.objectContaining({ code: 'DECODING' }))
  })
})

describe('frames', () => {
  test('are put together from pieces of any size', () => {
    const anyFrames = fc.array(
      fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(anyFrames, fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (payloads, cuts) => {
        const stream = Buffer.concat(
          payloads.map(payload => encodeFrame(REPLY, MAX_FRAME, body => body.value(payload))),
        )
        const decoder = new FrameDecoder(MAX_FRAME)
        const found: PlainValue[] = []
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] as number
          for (const { type, body } of decoder.push(stream.subarray(at, at + size))) {
            expect(type).toBe(REPLY)
            found.push(decode(body))
          }
          at += size
        }
        expect(found).toEqual(payloads)
        expect(decoder.held).toBe(0)
      }),
      RUNS,
    )
  })

  test('of arbitrary bytes in arbitrary pieces are refused or wait, and keep no more than has arrived', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), chunks => {
        const decoder = new FrameDecoder(1000)
        let arrived = 0
        try {
          for (const chunk of chunks) {
            arrived += chunk.length
            for (const { body } of decoder.push(Buffer.from(chunk))) expect(body.length).toBeLessThan(1000)
            expect(decoder.held).toBeLessThanOrEqual(Math.min(arrived, 1004))
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'DECODING' })
        }
      }),
      { numRuns: 3000 },
    )
  })

  test.each([0, 1001, 2 ** 31 - 1, 2 ** 32 - 1])('with the length %d are refused as soon as it is known', length => {
    const decoder = new FrameDecoder(1000)
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(length)
    expect([...decoder.push(bytes.subarray(0, 3))]).toEqual([])
    expect(() => [...decoder.push(bytes.subarray(3))]).toThrow(expect.objectContaining({ code: 'DECODING' }))
  })

  test('are made up to their limit, and not beyond', () => {
    const size = 10_000
    const limit = size + 1 + 5
    const frame = (bytes: number) => encodeFrame(REPLY, limit, body => body.value(Buffer.alloc(bytes)))
    expect([...new FrameDecoder(limit).push(frame(size))]).toHaveLength(1)
    expect(() => frame(size + 1)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    expect(() => frame(size * 10)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })
})

/** Objects without a prototype arrive as ordinary ones. */
function revived(value: PlainValue): unknown {
  if (Array.isArray(value)) return value.map(revived)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const copy = {}
  for (const [key, held] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: revived(held), enumerable: true, configurable: true, writable: true })
  }
  return copy
}

function refusedOrPlain(bytes: Buffer): void {
  let value: PlainValue
  try {
    value = decode(bytes)
  } catch (error) {
    expect(error).toMatchObject({ code: 'DECODING' })
    return
  }
  expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true)
}
