import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { bytes } from '../../src/model/bytes.js'
import { NOT_TEXT, refused } from './refused.js'

const encode = (value: unknown) => bytes.encode(value as Uint8Array)

describe('encoding', () => {
  it('does not copy: core does', () => {
    const value = Uint8Array.of(1, 2, 3)
    expect(bytes.encode(value)).toBe(value)
    expect(bytes.contentType).toBe('application/octet-stream')
  })

  test.each<[string, Uint8Array]>([
    ['no bytes (P1)', new Uint8Array(0)],
    ['a buffer', Buffer.from('abc')],
    ['a view of a part', new Uint8Array(new ArrayBuffer(10), 3, 4)],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(4))],
    ['another realm', runInNewContext('new Uint8Array([1, 2])')],
    ['a subclass', new (class Frame extends Uint8Array {})(2)],
  ])('takes %s', (_, value) => {
    expect(bytes.encode(value)).toBe(value)
  })

  test.each<[string, unknown, string]>([
    ...NOT_TEXT.map(([name, value]) => [name, value, 'carries bytes'] as [string, unknown, string]),
    ['text', 'abc', 'TextEncoder'],
    ['an array buffer', new ArrayBuffer(2), 'Uint8Array'],
    ['a data view', new DataView(new ArrayBuffer(2)), 'view.byteOffset'],
    ['16-bit numbers', new Uint16Array(2), 'view.byteOffset'],
    ['clamped bytes', new Uint8ClampedArray(2), 'view.byteOffset'],
    ['a blob', new Blob(['a']), 'Uint8Array'],
  ])('refuses %s', (_, value, hint) => {
    expect(refused(() => encode(value), 'ENCODING').message).toContain(hint)
  })

  it('refuses a detached buffer, which would read as empty (P8)', () => {
    const value = Uint8Array.of(1, 2, 3)
    structuredClone(value.buffer, { transfer: [value.buffer] })
    expect(value.byteLength).toBe(0)
    expect(refused(() => encode(value), 'ENCODING').message).toContain('detached')
  })
})

describe('decoding', () => {
  it('gives every reader bytes of its own (P8)', () => {
    const payload = Uint8Array.of(1, 2, 3)
    const [first, second] = [bytes.decode(payload), bytes.decode(payload)]
    first.fill(9)
    expect([...second]).toEqual([1, 2, 3])
    expect([...payload]).toEqual([1, 2, 3])
  })

  it('takes text as UTF-8', () => {
    expect(Buffer.from(bytes.decode('é')).toString('hex')).toBe('c3a9')
  })

  it('round-trips any bytes (P2)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), value => {
        expect(Buffer.compare(bytes.decode(bytes.encode(value)), value)).toBe(0)
      }),
    )
  })
})
