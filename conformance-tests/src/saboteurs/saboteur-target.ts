import { defineTarget, type Target } from '../target/target.js'
import type { Saboteur } from './saboteur.js'

/**
 * A target whose adapter a saboteur has broken. One that has processes of its own breaks it itself, in each of them, as
 * its settings say (`saboteur`).
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
  const { name } = saboteur
  if (base.hooks?.module !== undefined) {
    return defineTarget({ ...base, name, settings: async run => ({ ...(await base.settings(run)), saboteur: name }) })
  }
  const adapter: Target['adapter'] = async (settings, time) => saboteur.adapter(await base.adapter(settings, time))
  return defineTarget({ ...base, name, adapter })
}
