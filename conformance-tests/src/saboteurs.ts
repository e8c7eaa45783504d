/**
 * Broken adapters, each with the case that must catch it: the suite's own test.
 *
 * @module
 */
export { SABOTEURS } from './saboteurs/index.js'
export type { Base, Saboteur } from './saboteurs/saboteur.js'
export { saboteurTarget } from './saboteurs/saboteur-target.js'
