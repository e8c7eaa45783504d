/**
 * Where a broker listens.
 *
 * @example
 * ```ts
 * import type { Address } from '@pluribus/conformance'
 *
 * const redis: Address = { host: '127.0.0.1', port: 6379 }
 * ```
 */
export interface Address {
  readonly host: string
  readonly port: number
}
