import { describe, expect, it, test } from 'vitest'
import { json } from '../../src/model/json.js'
import { refused } from './refused.js'

const codec = json<unknown>()

describe('decoding', () => {
  const decodes = (payload: string | Uint8Array) => codec.decode(payload)
  const bytes = (...values: number[]) => Uint8Array.from(values)

  it('takes text and bytes', () => {
    expect(decodes('{"a":"é"}')).toEqual({ a: 'é' })
    expect(decodes(new TextEncoder().encode('{"a":"é🚀"}'))).toEqual({ a: 'é🚀' })
    expect(decodes(Buffer.from('xx[1]xx').subarray(2, 5))).toEqual([1])
  })

  it('gives every reader its own copy', () => {
    const text = codec.encode({ a: [1] })
    ;(decodes(text as string) as { a: number[] }).a.push(2)
    expect(decodes(text as string)).toEqual({ a: [1] })
  })

  it('takes what other programs write (P6)', () => {
    expect(decodes('{"a":1,"a":2}')).toEqual({ a: 2 })
    expect(decodes('1e400')).toBe(Number.POSITIVE_INFINITY)
    expect(decodes(`${'1'.repeat(400)}`)).toBe(Number.POSITIVE_INFINITY)
    expect(Object.is(decodes('-0'), -0)).toBe(true)
    expect(decodes(' \n[1 , 2]\t')).toEqual([1, 2])
  })

  const SECRET = 'canary-7f3a'
  test.each<[string, string | Uint8Array]>([
    ['nothing (P1)', ''],
    ['no bytes', bytes()],
    ['one byte (P1)', bytes(0x7b)],
    ['NULs (P2)', new Uint8Array(100)],
    ['0xFF (P2)', new Uint8Array(100).fill(255)],
    ['every byte (P2)', Uint8Array.from({ length: 256 }, (_, i) => i)],
    ['invalid UTF-8 in text', Uint8Array.from([0x22, 0xc3, 0x28, 0x22])],
    ['overlong UTF-8', Uint8Array.from([0x22, 0xc0, 0x80, 0x22])],
    ['a surrogate in UTF-8', Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['cut UTF-8', Uint8Array.from([0x22, 0xf0, 0x9f, 0x9a])],
    ['the word undefined', 'undefined'],
    ['NaN', 'NaN'],
    ['a word', SECRET],
    ['cut off', `{"password":"${SECRET}`],
    ['cut off after a member', `{"password":"${SECRET}"`],
    ['something behind', `{"password":"${SECRET}"} ${SECRET}`],
    ['single quotes', `{'password':'${SECRET}'}`],
    ['a trailing comma', `{"password":"${SECRET}",}`],
    ['a position in the text', `{"a":"at position 99" ${SECRET}`],
    ['a control character', `"${SECRET}\n"`],
    ['2 MB of garbage', SECRET.repeat(200_000)],
  ])('refuses %s, without showing it', (_, payload) => {
    const error = refused(() => decodes(payload), 'DECODING')
    expect(error.message).toContain('not JSON')
    const shown = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join()
    expect(shown).not.toContain('canary')
    expect(shown).not.toContain('7f3a')
  })

  it('says where', () => {
    expect(refused(() => decodes('{"a":1,}'), 'DECODING').message).toContain('at character 7 of 8')
    expect(refused(() => decodes('{"a":'), 'DECODING').message).toContain('too early, after 5')
    expect(refused(() => decodes(''), 'DECODING').message).toContain('empty')
  })

  test.each<[string, (depth: number) => string]>([
    ['arrays', depth => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects', depth => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['both', depth => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`],
  ])('takes 512 levels of %s, and refuses more (P3)', (_, write) => {
    expect(codec.encode(decodes(write(512)))).toBe(write(512))
    for (const depth of [514, 1_000, 2_000_000]) {
      expect(refused(() => decodes(write(depth)), 'DECODING').message).toContain('deeper than 512')
    }
  })

  it('refuses 513 levels exactly, wherever they are', () => {
    const deep = `${'['.repeat(512)}${']'.repeat(512)}`
    refused(() => decodes(`[${deep}]`), 'DECODING')
    refused(() => decodes(`{"a":{},"b":${deep}}`), 'DECODING')
    refused(() => decodes(`[{},[],${deep}]`), 'DECODING')
  })

  it('is not misled by brackets in text, nor by many of them side by side', () => {
    expect(decodes(JSON.stringify('['.repeat(10_000)))).toBe('['.repeat(10_000))
    expect(decodes(JSON.stringify({ a: '\\"[{'.repeat(5_000) }))).toEqual({ a: '\\"[{'.repeat(5_000) })
    const wide = Array.from({ length: 5_000 }, () => ({ a: [] }))
    expect(decodes(JSON.stringify(wide))).toEqual(wide)
  })
})
