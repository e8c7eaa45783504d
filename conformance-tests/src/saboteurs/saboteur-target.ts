import { defineTarget, type Target } from '../target/target.js'
import type { Saboteur } from './saboteur.js'

/**
 * A target whose adapter a saboteur has broken.
 *
 * @example
 * ```ts
 * import { Suite, type Target } from '@pluribus/conformance'
 * import { SABOTEURS, saboteurTarget } from '@pluribus/conformance/saboteurs'
 *
 * const suites = (memory: Target) => SABOTEURS.map(saboteur => Suite.prepare(saboteurTarget(memory, saboteur)))
 * ```
 */
export function saboteurTarget(base: Target, saboteur: Saboteur): Target {
  const adapter: Target['adapter'] = async (settings, time) => saboteur.adapter(await base.adapter(settings, time))
  return defineTarget({ ...base, name: saboteur.name, adapter })
}
