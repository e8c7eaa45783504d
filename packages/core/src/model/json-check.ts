import { MAX_DEPTH } from './json-depth.js'

/**
 * Arrays and objects that one walk may visit. Only data that reaches the same objects by several ways, again and again,
 * comes near: written out, it would be larger than any text, and walking it would take for ever.
 */
export const MAX_CONTAINERS = 2 ** 24

const { getPrototypeOf } = Object
const objectPrototype = Object.prototype
const arrayPrototype = Array.prototype

let containers = 0

/**
 * Whether JSON surely keeps this value as it is. `false` means "perhaps not": `explain` decides. So this may ignore what
 * is rare and legal (arrays of another realm, enumerable members of a polluted Object.prototype), and never the reverse.
 */
export function isFaithful(value: unknown): boolean {
  containers = 0
  try {
    return check(value, 0)
  } catch {
    return false
  }
}

function check(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || checkContainer(value, depth + 1)
    default:
      return false
  }
}

function checkContainer(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH || ++containers > MAX_CONTAINERS) return false
  if ((value as { toJSON?: unknown }).toJSON !== undefined) return false
  return Array.isArray(value) ? checkArray(value, depth) : checkObject(value as Record<string, unknown>, depth)
}

function checkArray(array: readonly unknown[], depth: number): boolean {
  if (getPrototypeOf(array) !== arrayPrototype) return false
  for (let index = 0; index < array.length; index++) {
    if (!check(array[index], depth)) return false
  }
  return true
}

function checkObject(object: Record<string, unknown>, depth: number): boolean {
  const prototype: unknown = getPrototypeOf(object)
  if (prototype !== objectPrototype && prototype !== null && getPrototypeOf(prototype) !== null) return false
  for (const name in object) {
    const value = object[name]
    if (value !== undefined && !check(value, depth)) return false
  }
  return true
}
