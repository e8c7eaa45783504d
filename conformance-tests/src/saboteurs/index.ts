import { DECLARING } from './declaring.js'
import { ENVELOPE } from './envelope.js'
import { GENERATIONS } from './generations.js'
import { HISTORIES } from './histories.js'
import { LOSING } from './losing.js'
import { ORDERING } from './ordering.js'
import { OUTAGES } from './outages.js'
import type { Saboteur } from './saboteur.js'
import { SETTLING } from './settling.js'
import { STORING } from './storing.js'
import { WAKING } from './waking.js'

/**
 * Every broken adapter.
 *
 * @example
 * ```ts
 * import { SABOTEURS } from '@pluribus/conformance/saboteurs'
 *
 * const names = SABOTEURS.map(({ name }) => name)
 * ```
 */
export const SABOTEURS: readonly Saboteur[] = Object.freeze([
  ...DECLARING,
  ...ENVELOPE,
  ...GENERATIONS,
  ...HISTORIES,
  ...LOSING,
  ...ORDERING,
  ...OUTAGES,
  ...SETTLING,
  ...STORING,
  ...WAKING,
])
