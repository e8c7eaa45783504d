import { reject } from '@pluribus/core'
import type { Oddities } from '../case/fates.js'

const boom = (): never => {
  throw new Error('boom')
}

/** A proxy that throws whatever is done to it. */
const explosive = (): object =>
  new Proxy({}, { get: boom, has: boom, getPrototypeOf: boom, ownKeys: boom, getOwnPropertyDescriptor: boom })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const circular = (): Error => {
  const error = new Error('circular')
  error.cause = error
  return error
}

/** Reasons that people throw. */
export const REASONS: Oddities = {
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  zero: () => 0,
  'an empty string': () => '',
  'a string': () => 'no',
  'a number': () => 42,
  NaN: () => Number.NaN,
  'a symbol': () => Symbol('no'),
  'a bigint': () => 42n,
  'a function': () => boom,
  'a frozen object': () => Object.freeze({ message: 'frozen' }),
  'a plain object': () => ({ code: 7 }),
  'an object without prototype': () => Object.create(null),
  'an error without stack': () => Object.assign(new Error('bare'), { stack: undefined }),
  'an error of a subclass': () => new (class Odd extends RangeError {})('odd'),
  'several errors': () => new AggregateError([new Error('one'), new Error('two')], 'both'),
  'an error that is its own cause': circular,
  'a DOMException': () => new DOMException('gone', 'AbortError'),
  'a promise': () => Promise.resolve('thrown'),
  'a thenable that never settles': () => withThen(() => {}),
  'an outcome': () => reject('THROWN'),
}

/** Reasons that cannot even be looked at. */
export const TRAPS: Oddities = {
  'a proxy that throws': explosive,
  'a revoked proxy': revoked,
  'an error whose getters throw': () =>
    Object.defineProperties(new Error('hidden'), {
      message: { get: boom },
      stack: { get: boom },
      name: { get: boom },
      code: { get: boom },
    }),
  'an object whose toString throws': () => ({ toString: boom, [Symbol.toPrimitive]: boom }),
  'an object whose toJSON throws': () => ({ toJSON: boom }),
  'an error whose toString throws': () => Object.assign(new Error('fine'), { toString: boom, toJSON: boom }),
}

type Then = (done: (value?: unknown) => void, failed: (reason?: unknown) => void) => void

/** Something with a method `then`. */
const withThen = (then: Then): object => Object.defineProperty({}, 'then', { value: then })

/** Thenables that are handled, each once. */
export const GOOD_THENABLES: Oddities = {
  'a thenable that resolves at once': () => withThen(done => done()),
  'a thenable that resolves later': () => withThen(done => queueMicrotask(done)),
  'a thenable that resolves twice': () =>
    withThen(done => {
      done()
      done(reject('TWICE'))
    }),
  'a thenable that resolves and then throws': () =>
    withThen(done => {
      done()
      boom()
    }),
  'a thenable that resolves and then rejects': () =>
    withThen((done, failed) => {
      done()
      failed(new Error('too late'))
    }),
  'a thenable that resolves now and again later': () =>
    withThen(done => {
      done()
      queueMicrotask(() => done(reject('LATER')))
    }),
}

/** Thenables that are failed runs. */
export const BAD_THENABLES: Oddities = {
  'a thenable that rejects': () => withThen((_, failed) => failed(new Error('no'))),
  'a thenable that throws': () => withThen(boom),
  'a thenable that rejects twice': () =>
    withThen((done, failed) => {
      failed(new Error('no'))
      failed(new Error('no again'))
      done()
    }),
  'an object whose then cannot be read': () => Object.defineProperty({}, 'then', { get: boom }),
  'a thenable that never settles': () => withThen(() => {}),
  'a promise that never settles': () => new Promise(() => {}),
}

/** What handlers return by accident, and is no outcome. */
export const RESULTS: Oddities = {
  nothing: () => undefined,
  null: () => null,
  'a number': () => 42,
  false: () => false,
  'a string': () => 'retry',
  'an object that looks like an outcome': () => ({ kind: 'reject', reason: 'NO' }),
  'a promise of nothing': () => Promise.resolve(),
  'a promise of a number': () => Promise.resolve(42),
  'a promise in a promise': async () => Promise.resolve(undefined),
}
