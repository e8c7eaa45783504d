import type { HookName } from './hooks.js'
import type { Target } from './target.js'

/** Whether a target offers something. */
export function hasHook({ time, hooks = {} }: Target, name: HookName): boolean {
  if (name === 'virtual-time') return time === 'virtual'
  const offered = {
    // A process of its own cannot live in this one's virtual time.
    children: time === 'real' ? hooks.module : undefined,
    proxy: hooks.address,
    broker: hooks.broker,
    leader: hooks.leader,
    raw: hooks.raw,
    store: hooks.failingStore,
  }
  return offered[name] !== undefined
}
