import { CORRUPTING } from './corrupting.js'
import { DELAYING } from './delaying.js'
import { HISTORIES } from './histories.js'
import { ORDERING } from './ordering.js'
import type { Saboteur } from './saboteur.js'
import { SETTLING } from './settling.js'
import { SHARING } from './sharing.js'
import { STARTING } from './starting.js'
import { URGENCY } from './urgency.js'

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
  ...CORRUPTING,
  ...DELAYING,
  ...HISTORIES,
  ...ORDERING,
  ...SETTLING,
  ...SHARING,
  ...STARTING,
  ...URGENCY,
])
