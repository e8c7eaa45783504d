import { describe, expect, it, test } from 'vitest'
import { DEFAULT_RETRY, delayBefore, resolveRetry } from '../../src/model/retry-policy.js'
import { NOT_TEXT, refused } from './refused.js'

describe('resolveRetry', () => {
  it('has the defaults of the design', () => {
    expect(resolveRetry(undefined)).toEqual({ attempts: 5, delays: [100, 1_000, 5_000, 30_000] })
    expect(resolveRetry({})).toEqual(DEFAULT_RETRY)
    expect(resolveRetry({ attempts: undefined, delays: undefined })).toEqual(DEFAULT_RETRY)
  })

  it('applies what is given, frozen', () => {
    const retry = resolveRetry({ attempts: 1_000, delays: ['1s', 5, '2h'] })
    expect(retry).toEqual({ attempts: 1_000, delays: [1_000, 5, 7_200_000] })
    expect(Object.isFrozen(retry) && Object.isFrozen(retry.delays)).toBe(true)
    expect(resolveRetry({ delays: [] })).toEqual({ attempts: 5, delays: [] })
    expect(resolveRetry({ delays: Array(64).fill(0) }).delays).toHaveLength(64)
  })

  it('does not follow later changes', () => {
    const delays = ['1s']
    const retry = resolveRetry({ delays })
    delays.push('2s')
    expect(retry.delays).toEqual([1_000])
  })

  test.each<[string, unknown, string]>([
    ['attempts 0', { attempts: 0 }, 'retry.attempts'],
    ['attempts 1,001', { attempts: 1_001 }, 'retry.attempts'],
    ['attempts 1.5', { attempts: 1.5 }, 'retry.attempts'],
    ['attempts NaN', { attempts: Number.NaN }, 'retry.attempts'],
    ['attempts Infinity', { attempts: Number.POSITIVE_INFINITY }, 'retry.attempts'],
    ['attempts as text (C7)', { attempts: '5' }, 'retry.attempts'],
    ['attempts null', { attempts: null }, 'retry.attempts'],
    ['delays as text', { delays: '1s' }, 'retry.delays'],
    ['65 delays', { delays: Array(65).fill(1) }, '65 delays'],
    ['a delay of -1', { delays: [1, -1] }, 'retry.delays[1]'],
    ['a delay of garbage', { delays: ['1s', '5s', 'soon'] }, 'retry.delays[2]'],
    ['a hole', { delays: Array(1) }, 'retry.delays[0]'],
    ['a delay of 11 years', { delays: ['4015d'] }, 'retry.delays[0]'],
    ['an unknown option', { attempt: 3 }, 'Did you mean "attempts"?'],
  ])('refuses %s', (_, options, text) => {
    expect(refused(() => resolveRetry(options), 'INVALID_ARGUMENT').message).toContain(text)
  })

  test.each(NOT_TEXT.filter(([name]) => !['undefined', 'an object'].includes(name)))('refuses %s', (_, value) => {
    refused(() => resolveRetry(value), 'INVALID_ARGUMENT')
  })
})

describe('delayBefore', () => {
  it('repeats the last one', () => {
    const retry = resolveRetry({ delays: [1, 2, 3] })
    expect([0, 1, 2, 3, 4, 999].map(failed => delayBefore(retry, failed))).toEqual([0, 1, 2, 3, 3, 3])
  })

  it('is 0 without delays', () => {
    expect(delayBefore(resolveRetry({ delays: [] }), 1)).toBe(0)
  })
})
