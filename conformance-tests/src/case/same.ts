/**
 * Whether two values are deeply the same: primitives by `Object.is`, bytes, dates, arrays, and objects by their own
 * members. Prototypes are not compared: a test runner may run cases in a realm of its own, whose objects have others.
 */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const kind = kindOf(a)
  if (kind !== kindOf(b)) return false
  if (kind === 'bytes') return Buffer.from(a as Uint8Array).equals(b as Uint8Array)
  if (kind === 'Date') return Object.is((a as Date).getTime(), (b as Date).getTime())
  if (kind === 'Array' || kind === 'Object') return sameMembers(a as Members, b as Members)
  throw new TypeError(`Cases compare data, and this is a ${kind}.`)
}

type Members = Readonly<Record<string, unknown>>

function kindOf(value: object): string {
  if (ArrayBuffer.isView(value)) return 'bytes'
  return Array.isArray(value) ? 'Array' : Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function sameMembers(a: Members, b: Members): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => Object.hasOwn(b, name) && same(a[name], b[name]))
}
