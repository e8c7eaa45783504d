import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { same } from '../src/case/same.js'

const elsewhere = (code: string): unknown => runInNewContext(`(${code})`, { Uint8Array })

test('the same: whatever realm it comes from', () => {
  for (const code of [
    '1',
    '"a"',
    'null',
    'undefined',
    '[]',
    '[1, [2]]',
    '{ a: 1, b: { c: [] } }',
    'new Date(5)',
    'new Uint8Array([1])',
  ]) {
    expect([code, same(elsewhere(code), elsewhere(code))]).toEqual([code, true])
  }
  expect(same(elsewhere('{ a: [1] }'), { a: [1] })).toBe(true)
  expect(same(Object.assign(Object.create(null), { a: 1 }), { a: 1 })).toBe(true)
  expect(same(Buffer.from([1, 2]), new Uint8Array([1, 2]))).toBe(true)
  expect(same(Number.NaN, Number.NaN)).toBe(true)
})

test('not the same', () => {
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [0, -0],
    [1, '1'],
    [null, undefined],
    [{}, null],
    [[], {}],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [new Date(5), new Date(6)],
    [new Date(5), 5],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), [1]],
  ]
  for (const [a, b] of pairs) expect([a, b, same(a, b), same(b, a)]).toEqual([a, b, false, false])
})

test('what cannot be compared by its members is not compared', () => {
  expect(() => same(new Map(), new Map())).toThrow(/Map/)
})
