/**
 * The file adapter of Pluribus.
 *
 * @module
 */
export { file, file as createAdapter, fromUrl } from './adapter.js'
export type { FileOptions } from './options.js'
