/**
 * What says where an isolated store is: plain JSON, because processes of their own are given it too.
 *
 * @example
 * ```ts
 * import type { Settings } from '@pluribus/conformance'
 *
 * const settings: Settings = { url: 'redis://127.0.0.1:6400', prefix: 'case-7' }
 * ```
 */
export type Settings = Readonly<Record<string, string | number | boolean>>
