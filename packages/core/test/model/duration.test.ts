import { describe, expect, it, test } from 'vitest'
import { MAX_DURATION, toInstant, toMilliseconds } from '../../src/model/duration.js'
import { NOT_TEXT, refused } from './refused.js'

describe('toMilliseconds', () => {
  test.each<[number | string, number]>([
    [0, 0],
    [-0, 0],
    [1, 1],
    [1.4, 1],
    [0.1, 1],
    [Number.MIN_VALUE, 1],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31],
    [MAX_DURATION, MAX_DURATION],
    ['0ms', 0],
    ['100ms', 100],
    ['0.4ms', 1],
    ['1.5s', 1_500],
    ['4.35s', 4_350],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['30d', 2_592_000_000],
    ['0.07d', 6_048_000],
    ['007s', 7_000],
    ['3650d', MAX_DURATION],
  ])('%s is %d ms', (value, ms) => {
    expect(toMilliseconds(value, 'delay')).toBe(ms)
  })

  test.each<[string, unknown]>([
    ...NOT_TEXT.filter(([name]) => name !== 'a number'),
    ['-1 (P12)', -1],
    ['Infinity (P12)', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['2^63 (P12)', 2 ** 63],
    ['above the limit', MAX_DURATION + 1],
    ['above the limit, as text', '3651d'],
    ['many digits', `${'9'.repeat(30)}s`],
    ...[
      '',
      ' ',
      '5',
      '5 s',
      ' 5s',
      '5s ',
      '5s\n',
      '-5s',
      '+5s',
      '.5s',
      '5.s',
      '1.2.3s',
      '1e3s',
      '0x5s',
      '5S',
      '5 minutes',
      '5w',
      '5y',
      's',
      'ms',
      'Infinity',
      'NaN',
      '٥s',
      'PT5S',
      '1h30m',
      '1,5s',
    ].map(text => [JSON.stringify(text), text] as [string, unknown]),
    ['2 MB of digits', '1'.repeat(2_000_000)],
    ['a date', new Date(5)],
  ])('refuses %s', (_, value) => {
    const { message, details } = refused(() => toMilliseconds(value, 'the delay'), 'INVALID_ARGUMENT')
    expect(message).toMatch(/^the delay: /)
    expect(message).toContain("'1.5s'")
    expect(details).toMatchObject({ argument: 'the delay', most: MAX_DURATION })
  })

  it('suggests a unit', () => {
    expect(refused(() => toMilliseconds('100', 'delay'), 'INVALID_ARGUMENT').message).toContain("'100ms'")
  })

  it('has a lower limit where one is given', () => {
    expect(toMilliseconds(1, 'timeout', 1)).toBe(1)
    expect(refused(() => toMilliseconds(0, 'timeout', 1), 'INVALID_ARGUMENT').message).toContain('from 1 ms')
  })

  it('is quick with hostile text', () => {
    const start = performance.now()
    for (const text of ['1'.repeat(5_000_000), `${'1.'.repeat(1_000_000)}s`])
      refused(() => toMilliseconds(text, 'x'), 'INVALID_ARGUMENT')
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('toInstant', () => {
  test.each<[unknown, number]>([
    [0, 0],
    [1.9, 1],
    [1_782_907_200_000, 1_782_907_200_000],
    [new Date(7), 7],
    ['1970-01-01T00:00:01Z', 1_000],
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00:00.5Z', 500],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['1970-01-01T02:00:00+02:00', 0],
    ['1969-12-31T22:30:00-01:30', 0],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('%s is %d', (value, ms) => {
    expect(toInstant(value, 'deliverAt')).toBe(ms)
  })

  it('reads a date of another realm', async () => {
    const { runInNewContext } = await import('node:vm')
    expect(toInstant(runInNewContext('new Date(7)'), 'deliverAt')).toBe(7)
  })

  test.each<[string, unknown]>([
    ...NOT_TEXT.filter(([name]) => name !== 'a number'),
    ['an invalid date', new Date(Number.NaN)],
    ['year 275760 (P12)', new Date(8.64e15)],
    ['2^63 (P12)', 2 ** 63],
    ['-1', -1],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['something that only pretends', Object.create(Date.prototype)],
    ...[
      '',
      '2026-07-01',
      '2026-07-01T12:00:00',
      '2026-07-01 12:00:00Z',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-07-01T25:00:00Z',
      '2026-07-01T12:60:00Z',
      '2026-07-01T12:00:00+99:00',
      '1 July 2026 12:00 GMT',
      '1782907200000',
      '2026-07-01T12:00:00Z\n',
      '+012026-07-01T12:00:00Z',
      '1969-12-31T23:59:59Z',
      'tomorrow',
      '5s',
    ].map(text => [JSON.stringify(text), text] as [string, unknown]),
    ['2 MB', '2'.repeat(2_000_000)],
  ])('refuses %s', (_, value) => {
    const { message } = refused(() => toInstant(value, 'deliverAt'), 'INVALID_ARGUMENT')
    expect(message).toMatch(/^deliverAt: /)
    expect(message).toContain('with a zone')
  })

  it('asks for the zone where that is all that is missing', () => {
    expect(refused(() => toInstant('2026-07-01T12:00:00', 'deliverAt'), 'INVALID_ARGUMENT').message).toContain(
      'Add the zone',
    )
    expect(refused(() => toInstant('2026-07-01', 'deliverAt'), 'INVALID_ARGUMENT').message).not.toContain(
      'Add the zone',
    )
  })
})
