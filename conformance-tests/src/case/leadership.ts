import type { Actor } from '../child/actor.js'

/**
 * Which of a case's processes leads the store.
 *
 * @example
 * ```ts
 * import type { CaseContext } from '@pluribus/conformance'
 *
 * const killed = async (it: CaseContext): Promise<void> => {
 *   await it.child()
 *   await (await it.leadership.leader())?.kill()
 * }
 * ```
 */
export interface Leadership {
  /** Milliseconds after which a leader that says nothing is replaced. */
  readonly timeout: number
  /** Undefined while none of those that live does: the last one is dead, and nobody has taken its place. */
  leader(): Promise<Actor | undefined>
}
