import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { redact } from '../../src/config/redact.js'

describe('redact', () => {
  test.each([
    ['connect ECONNREFUSED redis://app:s3cret@localhost:6379', 'connect ECONNREFUSED redis://***@localhost:6379'],
    ['nats://token@h failed', 'nats://***@h failed'],
    ['"amqp://u:p@h/v"', '"amqp://***@h/v"'],
    ['<postgres://u:p@h/db>', '<postgres://***@h/db>'],
    ['(redis://:p@h)', '(redis://***@h)'],
    ['redis://u:p@ss/w#r?d@h:1/0', 'redis://***@h:1/0'],
    ['a redis://u:p@h, and b nats://v:q@i.', 'a redis://***@h, and b nats://***@i.'],
    ['nats://u:p@h1,nats://u:p@h2', 'nats://***@h2'],
    ['redis://user:my pass@host is bad', 'redis://***@host is bad'],
    ['redis://user:pa"ss@host', 'redis://***@host'],
    ['redis://user:cut off', 'redis://*** off'],
    ['host=h user=u password=s3cret dbname=d', 'host=h user=u password=*** dbname=d'],
    ["password='my s3cret' x=1", 'password=*** x=1'],
    ['PGPASSWORD="a b"', 'PGPASSWORD=***'],
    ['?sslmode=on&authToken=abc&x=1', '?sslmode=on&authToken=***&x=1'],
    ['redis://u:p@h?password=q&x=1', 'redis://***@h?password=***&x=1'],
    ['token=', 'token=***'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test.each([
    '',
    'nothing here',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'see https://example.com/a?b=1 or write to me@example.com',
    'redis://localhost:6379/0 is down',
    'kafka://a:1,b:2 is down.',
    'nats://[::1]:4222',
    '://',
    'a=b c==d =',
    'line one redis://h\nmail me@example.com',
  ])('leaves alone: %s', text => {
    expect(redact(text)).toBe(text)
  })

  it('masks credentials of any URL in any text, twice as well as once', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'ab ,;:"\'()<>=&?./\n'), maxLength: 20 })
    const password = fc.string({ unit: fc.constantFrom(...'aZ9@:/#?%!$,'), maxLength: 10 })
    fc.assert(
      fc.property(noise, password, password, noise, (before, left, right, after) => {
        const masked = redact(`${before} redis://user:${left}CANARY${right}@host/0 ${after}`)
        expect(masked).not.toContain('CANARY')
        expect(masked).toContain('@host/0')
        expect(redact(masked)).toBe(masked)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes time in proportion to the text', () => {
    const start = performance.now()
    for (const text of [
      '://'.repeat(100_000),
      '='.repeat(300_000),
      'password='.repeat(50_000),
      `${'a'.repeat(500_000)}=1`,
      '://a:b '.repeat(50_000),
      "password='".repeat(30_000),
    ]) {
      redact(text)
    }
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})
