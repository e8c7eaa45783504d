/**
 * The Redis adapter of Pluribus.
 *
 * @module
 */
export { fromUrl, redis, redis as createAdapter } from './adapter.js'
export type { Durability } from './durability.js'
export type { RedisOptions } from './options.js'
