import { isPluribusError, PluribusError } from '../errors/pluribus-error.js'
import { countContainer } from './json-check.js'
import { MAX_DEPTH } from './json-depth.js'
import { writePath } from './path.js'
import { isPlainObject } from './plain-object.js'
import { quote } from './quote.js'

/** What people publish most often that JSON would alter, and what to send instead. */
const HINTS: readonly (readonly [tag: string, hint: string])[] = [
  ['Date', 'Send date.toISOString().'],
  ['Map', 'Send Object.fromEntries(map), or [...map].'],
  ['Set', 'Send [...set].'],
  ['Uint8Array', "Send it as base64 text, or use the codec 'bytes'."],
  ['ArrayBuffer', "Send it as base64 text, or use the codec 'bytes'."],
  ['RegExp', 'Send its source.'],
  ['Error', 'Send { name, message }.'],
  ['Promise', 'Await it first.'],
  ['URL', 'Send url.href.'],
  ['Number', 'Send the number itself.'],
  ['String', 'Send the text itself.'],
  ['Boolean', 'Send the boolean itself.'],
]

/** One walk, with the way to where it is. */
class Walk {
  readonly #path: PropertyKey[] = []
  readonly #ancestors: object[] = []
  #containers = 0

  run(value: unknown): void {
    try {
      this.#check(value)
    } catch (cause) {
      if (isPluribusError(cause)) throw cause
      this.#refuse('could not be read: a getter or a proxy throws', 'See the cause.', cause)
    }
  }

  #refuse(problem: string, hint: string, cause?: unknown): never {
    const path = writePath('data', this.#path)
    const message = `${path} ${problem}, and JSON would not bring it back as it is. ${hint}`
    throw new PluribusError('ENCODING', message, { details: { path }, ...(cause === undefined ? {} : { cause }) })
  }

  #check(value: unknown): void {
    if (typeof value === 'number' && !Number.isFinite(value)) this.#refuse(`is ${value}`, 'Send null, or text.')
    if (typeof value === 'bigint') this.#refuse('is a bigint', 'Send value.toString().')
    if (typeof value === 'symbol' || typeof value === 'function') this.#refuse(`is a ${typeof value}`, 'Leave it out.')
    if (value === undefined) this.#refuse('is undefined', 'Send null, or leave it out.')
    if (typeof value === 'object' && value !== null) this.#enter(value)
  }

  #enter(value: object): void {
    const known = this.#ancestors.indexOf(value)
    if (known >= 0) {
      this.#refuse(
        `refers back to ${writePath('data', this.#path.slice(0, known))}`,
        'Send an id instead of the object.',
      )
    }
    if (this.#ancestors.length >= MAX_DEPTH)
      this.#refuse(`is nested deeper than ${MAX_DEPTH} levels`, 'Flatten the data.')
    this.#containers = countContainer(this.#containers)
    this.#ancestors.push(value)
    if (Array.isArray(value)) this.#array(value)
    else this.#object(value)
    this.#ancestors.pop()
  }

  #array(array: readonly unknown[]): void {
    this.#plain(array, isPlainArray(array))
    for (let index = 0; index < array.length; index++) {
      this.#path.push(index)
      if (!Object.hasOwn(array, index)) this.#refuse('is a hole', 'Fill the array, e.g. with null.')
      this.#check(array[index])
      this.#path.pop()
    }
  }

  #object(object: object): void {
    this.#plain(object, isPlainObject(object))
    const symbols = Object.getOwnPropertySymbols(object).filter(symbol =>
      Object.prototype.propertyIsEnumerable.call(object, symbol),
    )
    if (symbols.length > 0) this.#refuse('has a member named by a symbol', 'Name it by a string.')
    for (const name of Object.keys(object)) {
      this.#path.push(name)
      const value: unknown = (object as Record<string, unknown>)[name]
      if (value !== undefined) this.#check(value)
      this.#path.pop()
    }
  }

  #plain(value: object, isPlain: boolean): void {
    if (!isPlain) this.#refuse(`is ${quote(value)}, not a plain object`, hintFor(value))
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      this.#refuse('has a method toJSON', 'Send what toJSON() returns.')
    }
  }
}

/** Of any realm: three steps from an array to the end of its prototypes. A subclass has one more. */
function isPlainArray(array: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(array)
  if (prototype === null) return false
  const next: unknown = Object.getPrototypeOf(prototype)
  return next !== null && Object.getPrototypeOf(next) === null
}

function hintFor(value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  const hint = HINTS.find(([name]) => name === tag)?.[1]
  if (hint !== undefined) return hint
  if (ArrayBuffer.isView(value)) return 'Send Array.from(array), or base64 text.'
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
    ? 'Send what toJSON() returns.'
    : 'Send { ...object }.'
}

/** Throws `ENCODING` with the path of the first thing that JSON would alter; returns where there is none after all. */
export const explain = (value: unknown): void => new Walk().run(value)
