import { expect } from 'vitest'
import { type ErrorCode, isPluribusError, type PluribusError } from '../../src/index.js'

/** What a call throws: must be a PluribusError of this code, short, on one line, and survive JSON. */
export function refused(call: () => unknown, code: ErrorCode): PluribusError {
  try {
    call()
  } catch (error) {
    return checkRefusal(error, code)
  }
  return expect.fail(`nothing was thrown, and ${code} was expected`)
}

/** The same for a promise. */
export async function rejected(promise: Promise<unknown>, code: ErrorCode): Promise<PluribusError> {
  return promise.then(
    () => expect.fail(`nothing was rejected, and ${code} was expected`),
    error => checkRefusal(error, code),
  )
}

function checkRefusal(error: unknown, code: ErrorCode): PluribusError {
  if (!isPluribusError(error)) throw error
  expect(error.code, error.message).toBe(code)
  expect(error.message.length).toBeLessThan(1_000)
  expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  expect(error.message.isWellFormed()).toBe(true)
  expect(JSON.stringify(error.details).length).toBeLessThan(8_000)
  return error
}

/** Things that are not text, or not what anyone expects (N17). */
export const NOT_TEXT: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['NaN', Number.NaN],
  ['a bigint', 7n],
  ['a huge bigint', 10n ** 10_000n],
  ['a boolean', true],
  ['an object', {}],
  ['an array', ['orders']],
  ['a symbol', Symbol('x'.repeat(100_000))],
  ['a function', () => 'orders'],
  ['a boxed string', new String('orders')],
  ['an object that turns into text', { toString: () => 'orders' }],
  ['a proxy that throws', throwingProxy()],
  ['a revoked proxy', revokedProxy()],
]

export function throwingProxy(): object {
  const fail = () => {
    throw new Error('trap')
  }
  return new Proxy({}, { get: fail, getPrototypeOf: fail, ownKeys: fail, has: fail, getOwnPropertyDescriptor: fail })
}

export function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
