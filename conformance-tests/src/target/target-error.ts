/**
 * Nothing can be shown, for a reason that the author of the target or of its adapter can mend.
 *
 * @example
 * ```ts
 * import { Suite, type Target, TargetError } from '@pluribus/conformance'
 *
 * const prepared = (target: Target) =>
 *   Suite.prepare(target).catch(error => (error instanceof TargetError ? error.message : Promise.reject(error)))
 * ```
 */
export class TargetError extends TypeError {
  override readonly name = 'TargetError'
}
