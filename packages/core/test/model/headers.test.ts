import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkHeaders, EMPTY_HEADERS, headersSize } from '../../src/model/headers.js'
import { NOT_TEXT, refused } from './refused.js'

const own = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> => Object.fromEntries(entries)

describe('checkHeaders', () => {
  it('gives one shared object for none', () => {
    expect(checkHeaders(undefined)).toBe(EMPTY_HEADERS)
    expect(checkHeaders({})).toBe(EMPTY_HEADERS)
    expect(Object.isFrozen(EMPTY_HEADERS)).toBe(true)
    expect(Object.getPrototypeOf(EMPTY_HEADERS)).toBe(null)
  })

  it('copies, freezes and has no prototype', () => {
    const given = { tenant: 'acme' }
    const headers = checkHeaders(given)
    given.tenant = 'other'
    expect(headers.tenant).toBe('acme')
    expect(Object.isFrozen(headers)).toBe(true)
    expect(Object.getPrototypeOf(headers)).toBe(null)
    expect(headers.toString).toBe(undefined)
  })

  test.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '7',
    'X-A',
    'a b',
    'é',
    '🚀',
    '-',
    'n'.repeat(128),
    'pluribus',
    'traceparent',
  ])('takes the name %j as data (N10)', name => {
    const headers = checkHeaders(own([[name, 'v']]))
    expect(Object.entries(headers)).toEqual([[name, 'v']])
    expect(Object.entries(checkHeaders(JSON.parse(JSON.stringify(headers))))).toEqual([[name, 'v']])
  })

  test.each(['', ' ', 'a\tb', '\x1b[31m', 'é', '🚀', '\u2028', '"', 'v'.repeat(60_000)])(
    'takes a value as it is: %.20j',
    value => {
      expect(checkHeaders({ a: value }).a).toBe(value)
    },
  )

  test.each<[string, string]>([
    ['empty', ''],
    ['129 characters', 'n'.repeat(129)],
    ['50,000 characters', 'n'.repeat(50_000)],
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['NUL', 'a\0'],
    ['DEL', 'a\x7f'],
    ['C1', 'a\x85'],
    ['a tab', 'a\t'],
    ['a lone surrogate', 'a\ud800'],
    ['a reserved prefix (P10)', 'pluribus-attempt'],
    ['the prefix alone', 'pluribus-'],
    ['a reserved prefix in capitals', 'Pluribus-Attempt'],
    ['a reserved prefix in mixed case', 'pLURIBUS-x'],
  ])('refuses a name: %s', (_, name) => {
    refused(() => checkHeaders(own([[name, 'v']])), 'INVALID_ARGUMENT')
  })

  test.each<[string, unknown]>([
    ...NOT_TEXT,
    ['CR (P9)', 'a\rb'],
    ['LF (P9)', 'a\nb'],
    ['NUL', 'a\0b'],
    ['a lone surrogate', '\udfff'],
  ])('refuses a value: %s', (_, value) => {
    expect(refused(() => checkHeaders({ tenant: value }), 'INVALID_ARGUMENT').message).toContain('"tenant"')
  })

  test.each<[string, unknown]>([
    ...NOT_TEXT.filter(([name]) => !['undefined', 'an object', 'an object that turns into text'].includes(name)),
    ['a map', new Map([['a', 'b']])],
    ['Headers of fetch', new Headers({ a: 'b' })],
    ['entries', [['a', 'b']]],
    ['text', 'a: b'],
    ['an instance', new (class Bag {})()],
    ['symbol names', { [Symbol('a')]: 'b' }],
  ])('refuses %s', (_, value) => {
    refused(() => checkHeaders(value), 'INVALID_ARGUMENT')
  })

  it('tells how to turn a map into headers', () => {
    expect(refused(() => checkHeaders(new Map([['a', 'b']])), 'INVALID_ARGUMENT').message).toContain(
      'Object.fromEntries',
    )
  })

  it('keeps the cause of a throwing getter', () => {
    const cause = new Error('no')
    const bad = {
      get a() {
        throw cause
      },
    }
    expect(refused(() => checkHeaders(bad), 'INVALID_ARGUMENT').cause).toBe(cause)
  })

  it('refuses two forms of one name, in either order, and takes each alone', () => {
    const [nfc, nfd] = ['caf\u00e9', 'cafe\u0301']
    refused(
      () =>
        checkHeaders(
          own([
            [nfc, 'a'],
            [nfd, 'b'],
          ]),
        ),
      'INVALID_ARGUMENT',
    )
    refused(
      () =>
        checkHeaders(
          own([
            [nfd, 'a'],
            [nfc, 'b'],
          ]),
        ),
      'INVALID_ARGUMENT',
    )
    expect(Object.keys(checkHeaders(own([[nfd, 'a']])))).toEqual([nfd])
  })

  it('normalises to a plain name too: the Kelvin sign and K', () => {
    refused(
      () =>
        checkHeaders(
          own([
            ['K', 'a'],
            ['\u212a', 'b'],
          ]),
        ),
      'INVALID_ARGUMENT',
    )
  })

  it('takes names that differ in case (P9)', () => {
    expect(Object.keys(checkHeaders({ 'x-a': '1', 'X-A': '2' }))).toHaveLength(2)
  })

  it('takes 64 headers, and refuses 65, and 100,000 (P9)', () => {
    const many = (n: number) => own(Array.from({ length: n }, (_, i) => [`h${i}`, 'v']))
    expect(Object.keys(checkHeaders(many(64)))).toHaveLength(64)
    expect(refused(() => checkHeaders(many(65)), 'TOO_LARGE').details).toEqual({ limit: 64, count: 65 })
    refused(() => checkHeaders(many(100_000)), 'TOO_LARGE')
  })

  it('takes 65,536 bytes and not one more, in UTF-8', () => {
    expect(headersSize(checkHeaders({ a: 'v'.repeat(65_535) }))).toBe(65_536)
    refused(() => checkHeaders({ a: 'v'.repeat(65_536) }), 'TOO_LARGE')
    expect(headersSize(checkHeaders({ ab: 'é'.repeat(32_767) }))).toBe(65_536)
    refused(() => checkHeaders({ abc: 'é'.repeat(32_767) }), 'TOO_LARGE')
    refused(() => checkHeaders({ a: '€'.repeat(21_846) }), 'TOO_LARGE')
    refused(() => checkHeaders({ a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }), 'TOO_LARGE')
    refused(() => checkHeaders({ a: '\n'.repeat(1_000_000) }), 'TOO_LARGE')
  })

  it('counts bytes as UTF-8', () => {
    expect(headersSize(EMPTY_HEADERS)).toBe(0)
    expect(headersSize({ é: '🚀' })).toBe(6)
  })

  it('round-trips whatever it accepts, through JSON and through itself', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const entries = fc.array(fc.tuple(name, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 20 })
    fc.assert(
      fc.property(entries, given => {
        let headers: Readonly<Record<string, string>>
        try {
          headers = checkHeaders(own(given))
        } catch (error) {
          expect(error).toHaveProperty('code', 'INVALID_ARGUMENT')
          return
        }
        const expected = Object.entries(own(given))
        expect(Object.entries(headers)).toEqual(expected)
        expect(Object.entries(checkHeaders(headers))).toEqual(expected)
        expect(Object.entries(checkHeaders(JSON.parse(JSON.stringify(headers))))).toEqual(expected)
        expect(headersSize(headers)).toBe(Buffer.byteLength(Object.entries(headers).flat().join('')))
      }),
      { numRuns: 500 },
    )
  })
})
