import type { Settings } from '../target/settings.js'

/**
 * Who leads, where the processes that use a store elect one of themselves, and there is no broker's process beside them.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import type { LeaderHook } from '@pluribus/conformance'
 *
 * const leader: LeaderHook = {
 *   timeout: 5_000,
 *   find: async ({ dir }) => Number(await readFile(`${dir}/leader.pid`, 'utf8')),
 * }
 * ```
 */
export interface LeaderHook {
  /** Milliseconds after which a leader that says nothing is replaced. */
  readonly timeout: number
  /** The number of the process that leads the store, or that led it last; `undefined` where none ever has. */
  find(settings: Settings): Promise<number | undefined>
}
