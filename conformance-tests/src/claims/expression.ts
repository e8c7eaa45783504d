import type { Capabilities } from '@pluribus/core/driver'
import { type Claim, claimsOf } from './claim.js'

/**
 * What a case asks of an adapter's capabilities: a claim, all of a list, any of some, or none of that.
 *
 * @example
 * ```ts
 * import type { Expression } from '@pluribus/conformance'
 *
 * const keyedRetries: Expression = ['keys:key', { any: ['delay:native', 'delay:emulated'] }]
 * ```
 */
export type Expression =
  | Claim
  | readonly Expression[]
  | { readonly any: readonly Expression[] }
  | { readonly not: Expression }

/** Whether capabilities satisfy an expression. */
export function satisfies(expression: Expression, capabilities: Capabilities): boolean {
  const claims = new Set(claimsOf(capabilities))
  const holds = (part: Expression): boolean => {
    if (typeof part === 'string') return claims.has(part)
    if ('any' in part) return part.any.some(holds)
    if ('not' in part) return !holds(part.not)
    return part.every(holds)
  }
  return holds(expression)
}

/** The claims that an expression mentions, wherever they stand in it. */
export function claimsIn(expression: Expression): readonly Claim[] {
  if (typeof expression === 'string') return [expression]
  if ('any' in expression) return expression.any.flatMap(claimsIn)
  if ('not' in expression) return claimsIn(expression.not)
  return expression.flatMap(claimsIn)
}

/** An expression as people read it: `keys:key and (delay:native or delay:emulated)`. */
export function describe(expression: Expression): string {
  if (typeof expression === 'string') return expression
  if ('not' in expression) return `not ${grouped(expression.not)}`
  if ('any' in expression) return expression.any.map(grouped).join(' or ')
  return expression.map(grouped).join(' and ')
}

const grouped = (expression: Expression): string => {
  const parts =
    typeof expression === 'string' || 'not' in expression
      ? 1
      : 'any' in expression
        ? expression.any.length
        : expression.length
  return parts > 1 ? `(${describe(expression)})` : describe(expression)
}
