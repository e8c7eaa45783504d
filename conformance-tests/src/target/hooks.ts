import type { Adapter } from '@pluribus/core/driver'
import type { Address } from '../hooks/address.js'
import type { BrokerControl } from '../hooks/broker-control.js'
import type { LeaderHook } from '../hooks/leader-hook.js'
import type { RawClient } from '../hooks/raw-client.js'
import type { StoreFaults } from '../hooks/store-faults.js'
import type { Settings } from './settings.js'
import type { TargetTime } from './target-time.js'

/**
 * What of a target's surroundings a case may need. Cases that need what is missing are blocked, never passed; those that
 * only need virtual time are skipped where time is real.
 *
 * @example
 * ```ts
 * import type { HookName } from '@pluribus/conformance'
 *
 * const needed: readonly HookName[] = ['broker', 'proxy']
 * ```
 */
export type HookName = 'virtual-time' | 'children' | 'proxy' | 'broker' | 'leader' | 'raw' | 'store'

/**
 * The surroundings that a target offers; each unlocks the cases that need it.
 *
 * @example
 * ```ts
 * import { type Hooks, localProcess } from '@pluribus/conformance'
 *
 * const address = { host: '127.0.0.1', port: 6400 }
 * const hooks: Hooks = {
 *   module: import.meta.url,
 *   address: async () => address,
 *   broker: localProcess({ command: 'redis-server', args: ['--port', '6400'], address }),
 * }
 * ```
 */
export interface Hooks {
  /** The target module's own URL, `import.meta.url`: processes of their own import it. Unlocks `children`. */
  readonly module?: string
  /** Where the broker listens. Cases about the network get settings made with a proxy's address instead. Unlocks `proxy`. */
  address?(): Promise<Address>
  /**
   * The broker's process, or how to get at that of a store, where every case has one of its own. Unlocks `broker`; cases
   * that use one which is shared run alone.
   */
  readonly broker?: BrokerControl | ((settings: Settings) => BrokerControl)
  /** Where processes elect one that leads a store: who that is. Unlocks `leader`. */
  readonly leader?: LeaderHook
  /** A foreign client of a store. Unlocks `raw`. */
  raw?(settings: Settings, time: TargetTime): Promise<RawClient>
  /** An adapter whose store asks `faults` before each operation. Unlocks `store`. */
  failingStore?(settings: Settings, faults: StoreFaults, time: TargetTime): Promise<Adapter>
}

/** What each hook is, for the reason that a blocked case gives. */
export const HOOKS: Readonly<Record<HookName, string>> = Object.freeze({
  'virtual-time': 'a target in virtual time',
  children: 'processes of its own (hooks.module)',
  proxy: 'a proxy between client and broker (hooks.address)',
  broker: 'a broker process of its own (hooks.broker)',
  leader: 'processes that elect one of them (hooks.leader)',
  raw: 'a client that is not ours (hooks.raw)',
  store: 'a store that can fail (hooks.failingStore)',
})
