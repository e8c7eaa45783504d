/**
 * The adapter of the simulated log broker: the log family's kit at work, and the pattern for the real ones.
 *
 * @module
 */
export { simLog } from './adapter.js'
export type { SimLogOptions } from './options.js'
