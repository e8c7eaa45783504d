import { runInNewContext } from 'node:vm'
import { describe, expect, it, test, vi } from 'vitest'
import { json } from '../../src/model/json.js'
import { refused, revokedProxy, throwingProxy } from './refused.js'

const codec = json<unknown>()
const roundTrip = (value: unknown) => codec.decode(codec.encode(value))
const nest = (depth: number, inner: unknown = 1): unknown => {
  let value = inner
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
const cyclic = (): Record<string, unknown> => {
  const order: Record<string, unknown> = { items: [{}] }
  ;(order.items as Record<string, unknown>[])[0] = { order }
  return order
}

const inItself = (): unknown[] => {
  const array: unknown[] = []
  array.push(array)
  return array
}

describe('encoding', () => {
  it('is one shared instance', () => {
    expect(json<string>()).toBe(json<number>())
    expect(codec.contentType).toBe('application/json')
    expect(Object.isFrozen(codec)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['text', 'a'],
    ['empty text', ''],
    ['a number', 1.5],
    ['the largest integer and one more (P6)', 2 ** 53 + 2],
    ['the smallest number', Number.MIN_VALUE],
    ['the largest number', Number.MAX_VALUE],
    ['false', false],
    ['an empty object', {}],
    ['an empty array', []],
    ['lone surrogates', { '\ud800': '\udfff', ok: '🚀\u2028\0' }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['512 levels', nest(512)],
    ['the same object twice', (o => ({ a: o, b: [o, o] }))({ x: 1 })],
    ['keys that are numbers', { 2: 'b', 1: 'a' }],
    ['a member called toJSON that is data', { toJSON: 'yes', a: 1 }],
    ['a member called constructor', { constructor: { prototype: 1 } }],
    ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
    [
      'a getter',
      {
        get a() {
          return 1
        },
      },
    ],
    ['a proxy of a plain object', new Proxy({ a: [1] }, {})],
    ['a proxy of an array', new Proxy([1, { a: 1 }], {})],
    ['a 10 MB key (P4)', { ['k'.repeat(10_000_000)]: 1 }],
  ])('keeps %s', (_, value) => {
    const back = roundTrip(value)
    expect(back).toEqual(value)
    expect(JSON.stringify(back)).toBe(JSON.stringify(value))
  })

  it('keeps own members called __proto__, without touching prototypes (P5)', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"a":{"constructor":{"prototype":{"polluted":true}}}}')
    const back = roundTrip(value) as object
    expect(Object.keys(back)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(({} as { polluted?: boolean }).polluted).toBe(undefined)
  })

  it('keeps objects and arrays of another realm', () => {
    const value = runInNewContext("({ a: [1, { b: ['c'] }], o: Object.assign(Object.create(null), { n: null }) })")
    expect(roundTrip(value)).toEqual({ a: [1, { b: ['c'] }], o: { n: null } })
  })

  it('leaves out undefined members, and gives -0 as 0: documented', () => {
    expect(Object.keys(roundTrip({ a: undefined, b: 1 }) as object)).toEqual(['b'])
    expect(Object.is(roundTrip(-0), 0)).toBe(true)
  })

  it('survives enumerable members of a polluted Object.prototype', () => {
    Object.assign(Object.prototype, { polluted: () => 1 })
    try {
      expect(codec.encode({ a: 1 })).toBe('{"a":1}')
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted')
    }
  })

  test.each<[string, unknown, string, string]>([
    ['undefined', undefined, 'data', 'undefined'],
    ['undefined in an array', { items: [1, undefined] }, 'data.items[1]', 'undefined'],
    ['a bigint', { a: 1n }, 'data.a', 'toString()'],
    ['a bigint alone', 1n, 'data', 'bigint'],
    ['a function', { a: () => 1 }, 'data.a', 'function'],
    ['a method of a class, as function', [class A {}], 'data[0]', 'function'],
    ['a symbol', { a: Symbol('x') }, 'data.a', 'symbol'],
    ['a member named by a symbol', { a: { [Symbol('x')]: 1 } }, 'data.a', 'named by a symbol'],
    ['NaN', { items: [{}, {}, {}, { price: Number.NaN }] }, 'data.items[3].price', 'NaN'],
    ['Infinity', [Number.POSITIVE_INFINITY], 'data[0]', 'Infinity'],
    ['-Infinity', { 'a b': Number.NEGATIVE_INFINITY }, 'data["a b"]', '-Infinity'],
    ['a hole', { a: Object.assign(Array(3), { 0: 1, 2: 3 }) }, 'data.a[1]', 'hole'],
    ['a long sparse array', Array(1_000_000_000), 'data[0]', 'hole'],
    ['a cycle', cyclic(), 'data.items[0].order', 'refers back to data,'],
    ['a cycle further down', { x: cyclic() }, 'data.x.items[0].order', 'refers back to data.x,'],
    ['an array in itself', inItself(), 'data[0]', 'refers back to data,'],
    ['a branching cycle', (o => Object.assign(o, { a: o, b: o, c: o }))({}), 'data.a', 'refers back'],
    ['513 levels', nest(513), 'data[0].a[0].a', 'deeper than 512'],
    ['100,000 levels (P3)', nest(100_000), 'data.a[0]', 'deeper than 512'],
    ['a date', { at: new Date(0) }, 'data.at', 'toISOString()'],
    ['a date of another realm', { at: runInNewContext('new Date(0)') }, 'data.at', 'toISOString()'],
    ['a map', { a: new Map() }, 'data.a', 'Object.fromEntries(map)'],
    ['a set', { a: new Set([1]) }, 'data.a', '[...set]'],
    ['a buffer', { a: Buffer.from('a') }, 'data.a', 'base64'],
    ['bytes', new Uint8Array(2), 'data', 'base64'],
    ['floats', { a: new Float64Array(2) }, 'data.a', 'Array.from'],
    ['an array buffer', { a: new ArrayBuffer(2) }, 'data.a', 'base64'],
    ['a regular expression', { a: /x/ }, 'data.a', 'source'],
    ['an error', { a: new TypeError('x') }, 'data.a', 'message'],
    ['a promise', { a: Promise.resolve(1) }, 'data.a', 'Await'],
    ['a URL', { a: new URL('http://x') }, 'data.a', 'url.href'],
    ['a boxed number', { a: new Number(1) }, 'data.a', 'number itself'],
    ['a boxed string', { a: new String('x') }, 'data.a', 'text itself'],
    ['a boxed boolean', { a: new Boolean(false) }, 'data.a', 'boolean itself'],
    ['a boxed bigint', { a: Object(1n) }, 'data.a', '{ ...object }'],
    ['a weak map', { a: new WeakMap() }, 'data.a', 'WeakMap'],
    [
      'a class instance',
      {
        a: new (class Money {
          amount = 1
        })(),
      },
      'data.a',
      'Money',
    ],
    ['an instance of an unnamed class', { a: new (class {})() }, 'data.a', 'object'],
    ['an object that inherits data', { a: Object.create({ b: 1 }) }, 'data.a', 'plain'],
    ['an array of a subclass', { a: new (class Items extends Array {})() }, 'data.a', 'array'],
    ['an object with toJSON', { a: { toJSON: () => 1 } }, 'data.a', 'toJSON'],
    ['a hidden toJSON', { a: Object.defineProperty({ b: 1 }, 'toJSON', { value: () => 1 }) }, 'data.a', 'toJSON'],
    ['an array with toJSON', { a: Object.assign([1], { toJSON: () => 1 }) }, 'data.a', 'toJSON'],
    [
      'a temporal-like instance',
      {
        a: new (class Moment {
          toJSON() {
            return 'x'
          }
        })(),
      },
      'data.a',
      'toJSON()',
    ],
  ])('refuses %s, and says where', (_, value, path, text) => {
    const { message, details } = refused(() => codec.encode(value), 'ENCODING')
    expect(message).toContain(`${path}`)
    expect(message).toContain(text)
    expect(String(details.path).startsWith(path)).toBe(true)
  })

  test.each<[string, unknown, string]>([
    [
      'a getter',
      {
        a: [
          {
            get b() {
              throw new Error('no')
            },
          },
        ],
      },
      'data.a[0].b',
    ],
    [
      'toJSON as a getter',
      {
        a: {
          get toJSON() {
            throw new Error('no')
          },
        },
      },
      'data.a',
    ],
    ['a throwing proxy (P8)', { a: throwingProxy() }, 'data.a'],
    ['a revoked proxy', { a: revokedProxy() }, 'data.a'],
  ])('refuses %s, and keeps the cause', (_, value, path) => {
    const { message, cause } = refused(() => codec.encode(value), 'ENCODING')
    expect(message).toContain(path)
    expect(cause).toBeInstanceOf(Error)
  })

  it('refuses what changes between looking and writing', () => {
    let reads = 0
    const data = {
      get a() {
        return reads++ === 0 ? 1 : 1n
      },
    }
    expect(refused(() => codec.encode(data), 'ENCODING').cause).toBeInstanceOf(TypeError)
  })

  it('notices a polluted prototype with toJSON', () => {
    Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'gone', configurable: true })
    try {
      refused(() => codec.encode({ a: [1] }), 'ENCODING')
    } finally {
      Reflect.deleteProperty(Array.prototype, 'toJSON')
    }
  })

  it('names symbols that are hidden as harmless', () => {
    expect(codec.encode(Object.defineProperty({ a: 1 }, Symbol('x'), { value: 1, enumerable: false }))).toBe('{"a":1}')
  })

  it('ends on data that would be larger than memory', () => {
    let value: unknown = 1
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(refused(() => codec.encode(value), 'TOO_LARGE').message).toContain('4,194,304')
  })

  it('ends on such data of another realm too', () => {
    const value = runInNewContext(
      'let value = 1; for (let level = 0; level < 60; level++) value = [value, value]; value',
    )
    refused(() => codec.encode(value), 'TOO_LARGE')
  })

  it('says so where the text would be too long', () => {
    const spy = vi.spyOn(JSON, 'stringify').mockImplementationOnce(() => {
      throw new RangeError('Invalid string length')
    })
    try {
      expect(refused(() => codec.encode([1]), 'TOO_LARGE').cause).toBeInstanceOf(RangeError)
    } finally {
      spy.mockRestore()
    }
  })

  it('keeps 1,000,000 keys (P4)', () => {
    const value = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i]))
    const text = codec.encode(value)
    expect(text).toBe(JSON.stringify(value))
    expect(Object.keys(codec.decode(text) as object)).toHaveLength(1_000_000)
  })

  it('shortens a long path', () => {
    const { message } = refused(() => codec.encode({ ['k'.repeat(1_000_000)]: nest(400, Number.NaN) }), 'ENCODING')
    expect(message.length).toBeLessThan(500)
    expect(message).toContain(' … ')
  })

  it('walks natively: JSON.stringify is called once, without a replacer', () => {
    const spy = vi.spyOn(JSON, 'stringify')
    try {
      codec.encode({ a: [1, { b: 2 }] })
      expect(spy.mock.calls.map(call => call.length)).toEqual([1])
    } finally {
      spy.mockRestore()
    }
  })
})
