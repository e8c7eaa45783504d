import { PluribusError } from '../errors/pluribus-error.js'
import { didYouMean } from './did-you-mean.js'
import { isPlainObject } from './plain-object.js'
import { quote, quoteText } from './quote.js'

/** What bad options are thrown as: arguments of a call, or configuration. */
export type OptionsCode = 'INVALID_ARGUMENT' | 'INVALID_CONFIGURATION'

/** A copy of a plain object, without prototype; throws `code` for anything else. */
export function copyPlainObject(value: unknown, what: string, code: OptionsCode): Record<string, unknown> {
  try {
    // A copy: every getter and proxy trap runs once, here, and later changes by the caller are not seen.
    if (isPlainObject(value)) return Object.assign(Object.create(null), value)
  } catch (cause) {
    throw new PluribusError(code, `${what} could not be read. Pass a plain object.`, {
      cause,
      details: { argument: what },
    })
  }
  // Text is not repeated: where options belong, people put URLs with passwords.
  const found = typeof value === 'string' ? 'a text' : quote(value)
  throw new PluribusError(code, `${what}: ${found} is not a plain object. Write { … }, or leave it out.`, {
    details: { argument: what },
  })
}

/**
 * A copy of an options object, without prototype and without what is `undefined`; empty for `undefined`. Throws `code`
 * (default `INVALID_ARGUMENT`) for anything but a plain object, and for an option that is not in `known`, naming the one
 * that was probably meant. `what` names the object in messages, e.g. `'The options of publish'`.
 *
 * @example
 * ```ts
 * import { checkOptions } from '@pluribus/core/driver'
 *
 * const { dir } = checkOptions({ dir: './data' }, ['dir', 'name'], 'The options of file')
 * ```
 */
export function checkOptions(
  value: unknown,
  known: readonly string[],
  what: string,
  code: OptionsCode = 'INVALID_ARGUMENT',
): Record<string, unknown> {
  if (value === undefined) return Object.create(null) as Record<string, unknown>
  const copy = copyPlainObject(value, what, code)
  for (const name of Object.keys(copy)) {
    if (!known.includes(name)) {
      const legal = known.length === 0 ? 'There are none.' : `Legal are ${known.join(', ')}.`
      const message = `${what}: there is no option ${quoteText(name)}.${didYouMean(name, known)} ${legal}`
      throw new PluribusError(code, message, { details: { argument: what, option: name.slice(0, 100), legal: known } })
    }
    if (copy[name] === undefined) delete copy[name]
  }
  return copy
}

/**
 * Answers a whole number from `min` to `max`, both inclusive, or throws `INVALID_ARGUMENT`. Text is not converted.
 *
 * @example
 * ```ts
 * import { checkInteger } from '@pluribus/core/driver'
 *
 * checkInteger(8, 'concurrency', 1, 1_000) // 8
 * ```
 */
export function checkInteger(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value === 0 ? 0 : value
  const legal = `a whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`
  throw new PluribusError('INVALID_ARGUMENT', `${what}: ${quote(value)} is not legal: use ${legal}.`, {
    details: { argument: what, min, max },
  })
}
