import { inspect } from 'node:util'
import { Failure } from './failure.js'
import { same } from './same.js'

const LONGEST = 400

/** Fails with the message unless the condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Failure(message)
}

/** Fails unless both are deeply the same. `what` names what is looked at: `the order of the runs`. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (same(actual, expected)) return
  throw new Failure(`${what}: expected ${show(expected)}, found ${show(actual)}${firstDifference(actual, expected)}`)
}

/** Fails unless both have the same members, in any order. */
export function sameMembers(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  const rest = [...actual]
  const missing = expected.filter(member => {
    const at = rest.findIndex(other => same(other, member))
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
  if (missing.length === 0 && rest.length === 0) return
  const parts = [missing.length > 0 && `missing ${show(missing)}`, rest.length > 0 && `too many ${show(rest)}`]
  throw new Failure(`${what}: ${parts.filter(part => part !== false).join(', ')}`)
}

/** Fails unless the value is from `least` to `most`, both inclusive. */
export function between(value: number, least: number, most: number, what: string): void {
  check(value >= least && value <= most, `${what}: expected ${least} to ${most}, found ${value}`)
}

/** Node's timers count whole milliseconds, and so may fire a fraction of one early by the monotonic clock. */
const EARLY = 1

/** Fails unless something that ends by a timer has lasted at least so long, and at most so long, in milliseconds. */
export function lasted(ms: number, least: number, most: number, what: string): void {
  between(ms, least - EARLY, most, what)
}

function firstDifference(actual: unknown, expected: unknown): string {
  if (!Array.isArray(actual) || !Array.isArray(expected)) return ''
  const at = expected.findIndex((member, index) => !same(actual[index], member))
  if (at < 0) return ` (${actual.length - expected.length} more than expected)`
  return ` (first difference at position ${at}: expected ${show(expected[at])}, found ${show(actual[at])})`
}

const show = (value: unknown): string => {
  const text = inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20 })
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}
