import { ACKING } from './acking.js'
import { CLOSING } from './closing.js'
import { DYING } from './dying.js'
import { HISTORIES } from './histories.js'
import { LEASING } from './leasing.js'
import { REDRIVING } from './redriving.js'
import { RETRYING } from './retrying.js'
import type { Saboteur } from './saboteur.js'
import { SETTLING } from './settling.js'

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
  ...HISTORIES,
  ...SETTLING,
  ...ACKING,
  ...RETRYING,
  ...LEASING,
  ...DYING,
  ...REDRIVING,
  ...CLOSING,
])
