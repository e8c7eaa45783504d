import { runInNewContext } from 'node:vm'
import { describe, expect, it, test } from 'vitest'
import { checkInteger, checkOptions } from '../../src/model/options.js'
import { NOT_TEXT, refused } from './refused.js'

const KNOWN = ['delay', 'deliverAt', 'headers', 'key', 'priority']
const check = (value: unknown) => checkOptions(value, KNOWN, 'publish()')

describe('checkOptions', () => {
  it('copies what it knows, and leaves out what is undefined', () => {
    const options = { key: 'a', delay: undefined }
    const copy = check(options)
    options.key = 'b'
    expect(copy.key).toBe('a')
    expect(Object.keys(copy)).toEqual(['key'])
    expect(Object.getPrototypeOf(copy)).toBe(null)
  })

  it('takes undefined for no options', () => {
    expect(Object.keys(check(undefined))).toEqual([])
  })

  it('takes objects without prototype, and of another realm', () => {
    expect(check(Object.assign(Object.create(null), { key: 'a' })).key).toBe('a')
    expect(check(runInNewContext("({ key: 'a' })")).key).toBe('a')
  })

  it('reads every option once', () => {
    let reads = 0
    const copy = check({
      get key() {
        return ++reads
      },
    })
    expect([copy.key, copy.key, reads]).toEqual([1, 1, 1])
  })

  test.each([
    ['dealy', 'delay'],
    ['Delay', 'delay'],
    ['header', 'headers'],
    ['deliver_at', 'deliverAt'],
    ['prioritty', 'priority'],
  ])('suggests for %s', (name, meant) => {
    const { message, details } = refused(() => check({ [name]: 1 }), 'INVALID_ARGUMENT')
    expect(message).toContain(`publish(): there is no option "${name}"`)
    expect(message).toContain(`Did you mean "${meant}"?`)
    expect(message).toContain('Legal are delay, deliverAt')
    expect(details).toMatchObject({ option: name, legal: KNOWN })
  })

  test.each(['zzzzzz', 'constructor', '__proto__', 'toString', '', 'k'.repeat(2_000_000)])(
    'refuses the option %.20s',
    name => {
      const options = Object.defineProperty({}, name, { value: 1, enumerable: true })
      expect(refused(() => check(options), 'INVALID_ARGUMENT').message).not.toContain('Did you mean')
    },
  )

  it('refuses an unknown option whose value is undefined', () => {
    refused(() => check({ dealy: undefined }), 'INVALID_ARGUMENT')
  })

  test.each([
    ...NOT_TEXT.filter(([name]) => !['undefined', 'an object', 'an object that turns into text'].includes(name)),
    ['a class instance', new (class Options {})()],
    ['a map', new Map()],
    ['text', 'key'],
  ] as [string, unknown][])('refuses %s', (_, value) => {
    expect(refused(() => check(value), 'INVALID_ARGUMENT').message).toContain('publish()')
  })

  it('keeps the cause of a throwing getter', () => {
    const cause = new Error('no')
    const options = {
      get key() {
        throw cause
      },
    }
    expect(refused(() => check(options), 'INVALID_ARGUMENT').cause).toBe(cause)
  })

  it('throws the code it is told', () => {
    refused(() => checkOptions({ x: 1 }, [], 'redis()', 'INVALID_CONFIGURATION'), 'INVALID_CONFIGURATION')
    refused(() => checkOptions(7, [], 'redis()', 'INVALID_CONFIGURATION'), 'INVALID_CONFIGURATION')
  })
})

describe('checkInteger', () => {
  test.each([
    [1, 1],
    [1_000, 1_000],
    [500, 500],
  ])('takes %d', (value, expected) => {
    expect(checkInteger(value, 'attempts', 1, 1_000)).toBe(expected)
  })

  it('gives -0 as 0', () => {
    expect(Object.is(checkInteger(-0, 'n', 0, 1), 0)).toBe(true)
  })

  test.each([
    ...NOT_TEXT.filter(([name]) => name !== 'a number'),
    ['0', 0],
    ['1,001', 1_001],
    ['1.5', 1.5],
    ['a number as text (C7)', '5'],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-1', -1],
  ] as [string, unknown][])('refuses %s', (_, value) => {
    const { message, details } = refused(() => checkInteger(value, 'attempts', 1, 1_000), 'INVALID_ARGUMENT')
    expect(message).toMatch(/^attempts: .* whole number from 1 to 1,000/)
    expect(details).toEqual({ argument: 'attempts', min: 1, max: 1_000 })
  })
})
