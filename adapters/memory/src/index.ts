/**
 * The in-memory adapter of Pluribus.
 *
 * @module
 */
export { fromUrl, memory, memory as createAdapter } from './adapter.js'
export type { MemoryOptions } from './options.js'
export { type MemoryStore, memoryStore } from './store.js'
