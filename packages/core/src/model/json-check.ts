import { isPluribusError, PluribusError } from '../errors/pluribus-error.js'
import { MAX_DEPTH } from './json-depth.js'

/**
 * Arrays and objects that one walk may visit. Only data that reaches the same objects by several ways, again and again,
 * comes near: written out, it would be larger than any text, and walking it would take for ever.
 */
const MAX_CONTAINERS = 2 ** 22

const { getOwnPropertySymbols, getPrototypeOf } = Object
const objectPrototype = Object.prototype
const arrayPrototype = Array.prototype

let containers = 0

/** Counts one array or object; throws `TOO_LARGE` above the limit. Answers the new count. */
export function countContainer(before: number): number {
  if (before < MAX_CONTAINERS) return before + 1
  const most = MAX_CONTAINERS.toLocaleString('en')
  const message = `The data has more than ${most} arrays and objects, counting one again each time it is reached. Split it.`
  throw new PluribusError('TOO_LARGE', message, { details: { limit: MAX_CONTAINERS } })
}

/**
 * Whether JSON surely keeps this value as it is. `false` means "perhaps not": `explain` decides. So this may ignore what
 * is rare and legal (arrays of another realm, enumerable members of a polluted Object.prototype), and never the reverse.
 */
export function isFaithful(value: unknown): boolean {
  if (isScalar(value)) return true
  containers = 0
  try {
    return typeof value === 'object' && checkContainer(value as object, 1)
  } catch (error) {
    if (isPluribusError(error, 'TOO_LARGE')) throw error
    return false
  }
}

/** Not part of the recursion, so that V8 inlines it. */
const isScalar = (value: unknown): boolean =>
  typeof value === 'string' ||
  (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null)

function checkContainer(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return false
  containers = countContainer(containers)
  // Inherited, and not enumerable, too.
  if ((value as { toJSON?: unknown }).toJSON !== undefined) return false
  return Array.isArray(value) ? checkArray(value, depth) : checkObject(value as Record<string, unknown>, depth)
}

function checkArray(array: readonly unknown[], depth: number): boolean {
  if (getPrototypeOf(array) !== arrayPrototype) return false
  for (let index = 0; index < array.length; index++) {
    const value = array[index]
    if (isScalar(value)) continue
    if (typeof value !== 'object' || !checkContainer(value as object, depth + 1)) return false
  }
  return true
}

function checkObject(object: Record<string, unknown>, depth: number): boolean {
  const prototype: unknown = getPrototypeOf(object)
  if (prototype !== objectPrototype && prototype !== null && getPrototypeOf(prototype) !== null) return false
  if (getOwnPropertySymbols(object).length > 0) return false
  for (const name in object) {
    const value = object[name]
    if (isScalar(value) || value === undefined) continue
    if (typeof value !== 'object' || !checkContainer(value as object, depth + 1)) return false
  }
  return true
}
