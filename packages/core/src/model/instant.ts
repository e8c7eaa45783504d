import { PluribusError } from '../errors/pluribus-error.js'
import { quote } from './quote.js'

/**
 * A point in time: a `Date`, milliseconds since the epoch, or ISO 8601 text with its zone.
 *
 * @example
 * ```ts
 * import type { Instant } from '@pluribus/core'
 *
 * const noon: Instant = '2026-07-01T12:00:00+02:00'
 * ```
 */
export type Instant = Date | number | string

/** The end of the year 9999, in milliseconds since the epoch: the last instant that every broker and format can hold. */
const LATEST = 253_402_300_799_999

/** Every part has a fixed or bounded length, so nothing can backtrack far. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/

/** Dates of another realm fail `instanceof`; this reads the internal slot. */
function readDate(value: object): number {
  try {
    return Date.prototype.getTime.call(value)
  } catch {
    return Number.NaN
  }
}

function readText(text: string): number {
  const [matched, year, month, day, zone] = (text.length <= 40 && ISO.exec(text)) || []
  if (matched === undefined || zone === undefined) return Number.NaN
  // Date.parse takes February 30th for March 2nd.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return Number(day) <= days ? Date.parse(text) : Number.NaN
}

function hintFor(value: unknown): string {
  if (typeof value !== 'string' || value.length > 40) return ''
  const match = ISO.exec(value)
  return match !== null && match[4] === undefined ? " Add the zone: 'Z', or an offset such as '+02:00'." : ''
}

/**
 * Milliseconds since the epoch of an {@link Instant}, whole (rounded down). Text needs its zone: without one it would
 * mean another instant on another machine. Throws `INVALID_ARGUMENT` for anything else, for invalid dates, and outside
 * the years 1970 to 9999. Past instants are legal.
 */
export function toInstant(value: unknown, what: string): number {
  let instant = Number.NaN
  if (typeof value === 'number') instant = value
  else if (typeof value === 'string') instant = readText(value)
  else if (typeof value === 'object' && value !== null) instant = readDate(value)
  if (instant >= 0 && instant <= LATEST) return Math.floor(instant)
  const legal =
    "a Date, milliseconds since the epoch, or ISO text with a zone such as '2026-07-01T12:00:00Z', in the years 1970 to 9999"
  throw new PluribusError(
    'INVALID_ARGUMENT',
    `${what}: ${quote(value)} is not a legal time: use ${legal}.${hintFor(value)}`,
    {
      details: { argument: what, legal },
    },
  )
}
