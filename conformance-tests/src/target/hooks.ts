/**
 * What of a target's surroundings a case may need.
 *
 * @example
 * ```ts
 * import type { HookName } from '@pluribus/conformance'
 *
 * const needed: readonly HookName[] = ['broker', 'proxy']
 * ```
 */
export type HookName = 'virtual-time' | 'children' | 'proxy' | 'broker' | 'raw'

/** What each hook is, for the reason that a blocked case gives. */
export const HOOKS: Readonly<Record<HookName, string>> = Object.freeze({
  'virtual-time': 'a target in virtual time',
  children: 'processes of its own (the target module can be imported by another process)',
  proxy: 'a TCP proxy between client and broker',
  broker: 'a broker process of its own, to stop, kill, freeze and restart',
  raw: 'a client of the broker that is not ours',
})
