import { ADMINISTERING } from './administering.js'
import { ALTERING } from './altering.js'
import { CLAIMING } from './claiming.js'
import { HISTORIES } from './histories.js'
import { IDS } from './ids.js'
import { PUBLISHING } from './publishing.js'
import type { Saboteur } from './saboteur.js'
import { SETTLING } from './settling.js'
import { SUBSCRIBING } from './subscribing.js'

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
  ...ADMINISTERING,
  ...ALTERING,
  ...CLAIMING,
  ...HISTORIES,
  ...IDS,
  ...PUBLISHING,
  ...SETTLING,
  ...SUBSCRIBING,
])
