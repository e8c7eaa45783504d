import type { Adapter } from '@pluribus/core/driver'
import { ALL_CLAIMS, NO_PROMISES } from '../claims/all-claims.js'
import type { Address } from '../hooks/address.js'
import { checkDeviation, type Deviation } from './deviation.js'
import type { Hooks } from './hooks.js'
import type { Required } from './required.js'
import type { Settings } from './settings.js'
import { TargetError } from './target-error.js'
import type { TargetTime } from './target-time.js'
import type { Timing } from './timing.js'

/**
 * What {@link Target.settings} may use.
 *
 * @example
 * ```ts
 * import type { TargetRun } from '@pluribus/conformance'
 *
 * const prefix = (run: TargetRun) => run.uniqueName()
 * ```
 */
export interface TargetRun {
  /** A name that nobody else uses: lower-case letters, digits and `-`, at most 40 characters. */
  uniqueName(): string
  /** Where the broker is to be reached in this case: {@link Hooks.address}, or a proxy in front of it. */
  readonly address: Address | undefined
}

/**
 * Everything that an adapter's author supplies: one module with this as its default export. It is a module, not a closure,
 * so that processes of their own can import it. There is no list of capabilities in it, and none of cases: capabilities
 * come from the adapter alone.
 *
 * @example
 * ```ts
 * import { defineTarget, VIRTUAL_TIMING } from '@pluribus/conformance'
 * import { memory, memoryStore } from '@pluribus/memory'
 *
 * const stores = new Map<string, ReturnType<typeof memoryStore>>()
 *
 * export default defineTarget({
 *   name: 'memory',
 *   time: 'virtual',
 *   timing: VIRTUAL_TIMING,
 *   required: { claims: ['fifo:exact', 'from:earliest'] },
 *   settings: async run => ({ store: run.uniqueName() }),
 *   adapter: async ({ store }) => {
 *     const name = String(store)
 *     const shared = stores.get(name) ?? memoryStore()
 *     stores.set(name, shared)
 *     return memory({ store: shared })
 *   },
 *   cleanup: async ({ store }) => void stores.delete(String(store)),
 * })
 * ```
 */
export interface Target {
  /** What reports call it. */
  readonly name: string
  /**
   * `virtual` where the adapter does all it does within this process, never waits for real I/O (calls that block, such as
   * SQLite's, are not waited for), and reads time from its environment alone; `real` otherwise.
   */
  readonly time: 'virtual' | 'real'
  readonly timing: Timing
  /** Where a fresh, empty, isolated store is. Called once for each case; the same settings mean the same store. */
  settings(run: TargetRun): Promise<Settings>
  /**
   * An adapter for a store. Called once for each broker of a case; all of them share the store. `time` is the case's: for
   * servers that are simulated in it.
   */
  adapter(settings: Settings, time: TargetTime): Promise<Adapter>
  /** Drops the store, after the case. */
  cleanup?(settings: Settings): Promise<void>
  /** The least that the adapter must claim: its `required.json`. What stands here and is not claimed is a failure. */
  readonly required: Required
  readonly knownDeviations?: readonly Deviation[]
  /** What its surroundings offer. Default: nothing. */
  readonly hooks?: Hooks
}

/**
 * Checks a target and freezes it.
 *
 * @throws TargetError for a missing or unknown member, capabilities among them: those come from the adapter.
 *
 * @example
 * ```ts
 * import { defineTarget, LOCAL_TIMING } from '@pluribus/conformance'
 * import { memory } from '@pluribus/memory'
 *
 * const target = defineTarget({
 *   name: 'forgetful', time: 'real', timing: LOCAL_TIMING, required: { claims: [] },
 *   settings: async () => ({}), adapter: async () => memory(),
 * })
 * ```
 */
export function defineTarget(target: Target): Target {
  for (const member of Object.keys(target)) {
    if (MEMBERS.includes(member)) continue
    const hint = member === 'capabilities' ? ' Capabilities come from the adapter alone.' : ''
    throw new TargetError(`A target has no member "${member}".${hint} Legal are ${MEMBERS.join(', ')}.`)
  }
  for (const member of ['name', 'time', 'timing', 'required', 'settings', 'adapter'] as const) {
    if (target[member] === undefined) throw new TargetError(`A target needs "${member}".`)
  }
  if (target.time !== 'virtual' && target.time !== 'real')
    throw new TargetError("A target's time is 'virtual' or 'real'.")
  for (const [name, ms] of Object.entries(target.timing)) {
    if (!(ms > 0))
      throw new TargetError(`The timing "${name}" of target ${target.name} is not a positive number of milliseconds.`)
  }
  for (const claim of target.required.claims) checkClaim(claim)
  for (const deviation of target.knownDeviations ?? []) checkDeviation(deviation)
  return Object.freeze({ ...target })
}

/** A claim that nobody can make would be required in vain. */
function checkClaim(claim: string): void {
  const known: readonly string[] = [...ALL_CLAIMS, ...NO_PROMISES]
  if (known.includes(claim)) return
  const [field = ''] = claim.split(':')
  const near = known.filter(name => name === field || name.startsWith(`${field}:`))
  const legal = near.length > 0 ? near : known
  throw new TargetError(`required.claims has "${claim}", which no adapter can claim. Legal are ${legal.join(', ')}.`)
}

const MEMBERS: readonly string[] = [
  'name',
  'time',
  'timing',
  'settings',
  'adapter',
  'cleanup',
  'required',
  'knownDeviations',
  'hooks',
]
