import { ACKING } from './acking.js'
import { ADMINISTERING } from './administering.js'
import { ALTERING } from './altering.js'
import { CLAIMING } from './claiming.js'
import { CLOSING } from './closing.js'
import { DYING } from './dying.js'
import { HISTORIES } from './histories.js'
import { IDS } from './ids.js'
import { LEASING } from './leasing.js'
import { PUBLISHING } from './publishing.js'
import { REDRIVING } from './redriving.js'
import { RETRYING } from './retrying.js'
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
  ...ACKING,
  ...ADMINISTERING,
  ...ALTERING,
  ...CLAIMING,
  ...CLOSING,
  ...DYING,
  ...HISTORIES,
  ...IDS,
  ...LEASING,
  ...PUBLISHING,
  ...REDRIVING,
  ...RETRYING,
  ...SETTLING,
  ...SUBSCRIBING,
])
