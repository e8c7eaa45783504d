import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, isPluribusError } from '../../src/index.js'
import { json } from '../../src/model/json.js'

const codec = json<unknown>()

describe('properties', () => {
  it('any JSON round-trips, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), value => {
        const text = codec.encode(value) as string
        expect(text).toBe(JSON.stringify(value))
        expect(codec.decode(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(codec.decode(new TextEncoder().encode(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 1_000 },
    )
  })

  it('anything at all is refused or comes back deep-equal', () => {
    const outcomes = { kept: 0, refused: 0 }
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      stringUnit: 'binary',
      maxDepth: 4,
    })
    fc.assert(
      fc.property(anything, value => {
        let payload: string | Uint8Array
        try {
          payload = codec.encode(value)
        } catch (error) {
          outcomes.refused++
          expect(isPluribusError(error, 'ENCODING' satisfies ErrorCode)).toBe(true)
          return
        }
        outcomes.kept++
        // toEqual ignores members that are undefined, and prototypes; both are documented. It tells -0 from 0.
        expect(codec.decode(payload)).toEqual(withoutNegativeZero(value))
      }),
      { numRuns: 3_000 },
    )
    expect(outcomes.kept).toBeGreaterThan(300)
    expect(outcomes.refused).toBeGreaterThan(300)
  })

  it('any text and any bytes decode or are refused', () => {
    const payload = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array(),
      fc.json().map(text => text.slice(1)),
    )
    fc.assert(
      fc.property(payload, given => {
        try {
          codec.decode(given)
        } catch (error) {
          expect(isPluribusError(error, 'DECODING')).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (typeof value !== 'object' || value === null) return value
  const copy: object = {}
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(copy, name, {
      value: withoutNegativeZero(member),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return copy
}
