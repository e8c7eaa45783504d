import { PluribusError } from '../errors/pluribus-error.js'
import { quote } from './quote.js'

export { toInstant } from './instant.js'

/**
 * A length of time: a number of milliseconds, or text with a unit out of `ms`, `s`, `m`, `h`, `d`.
 *
 * @example
 * ```ts
 * import type { Duration } from '@pluribus/core'
 *
 * const ladder: Duration[] = [100, '1.5s', '5m', '2h', '7d']
 * ```
 */
export type Duration = number | string

/**
 * The longest legal duration: ten years of 365 days, in milliseconds. Far above what a timer can hold (2^31 - 1), which
 * is why timers look again.
 */
export const MAX_DURATION = 3_650 * 86_400_000

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** The index after the digits that start at `from`. */
function skipDigits(text: string, from: number): number {
  let index = from
  while (index < text.length && isDigit(text.charCodeAt(index))) index++
  return index
}

/** `digits [. digits] unit`, or NaN. By hand: one pass, whatever the text is. */
function parse(text: string): number {
  if (text.length > 32) return Number.NaN
  const whole = skipDigits(text, 0)
  if (whole === 0) return Number.NaN
  const end = text[whole] === '.' ? skipDigits(text, whole + 1) : whole
  if (end === whole + 1) return Number.NaN
  return Number(text.slice(0, end)) * (UNITS.get(text.slice(end)) ?? Number.NaN)
}

const hintFor = (value: unknown): string => {
  const unitless =
    typeof value === 'string' && value.length < 20 && value !== '' && skipDigits(value, 0) === value.length
  return unitless ? ` Did you mean '${value}ms'?` : ''
}

/**
 * Milliseconds of a {@link Duration}, whole: a fraction is rounded, but what is above 0 stays at least 1. Throws
 * `INVALID_ARGUMENT` for anything below `least` (default 0), above {@link MAX_DURATION}, or not a duration at all. `what`
 * names the offender, e.g. `'timeout'`.
 *
 * @example
 * ```ts
 * import { toMilliseconds } from '@pluribus/core/driver'
 *
 * toMilliseconds('1.5s', 'timeout') // 1500
 * ```
 */
export function toMilliseconds(value: unknown, what: string, least = 0): number {
  const exact = typeof value === 'number' ? value : typeof value === 'string' ? parse(value) : Number.NaN
  const rounded = exact > 0 ? Math.max(1, Math.round(exact)) : exact === 0 ? 0 : Number.NaN
  if (rounded >= least && rounded <= MAX_DURATION) return rounded
  const legal = `milliseconds as a number, or text such as '100ms', '1.5s', '5m', '2h', '7d', from ${least} ms to 3,650 days`
  throw new PluribusError(
    'INVALID_ARGUMENT',
    `${what}: ${quote(value)} is not a legal duration: use ${legal}.${hintFor(value)}`,
    {
      details: { argument: what, legal, least, most: MAX_DURATION },
    },
  )
}
