import type { Adapter } from '../driver/adapter.js'
import type { EnvReference } from './env.js'
import type { BrokerUrl } from './redacted-url.js'

/**
 * An adapter's package, named in code: it must export `createAdapter(options): Adapter`. Never accepted from a URL, an
 * environment variable or a file of data.
 *
 * @example
 * ```ts
 * import type { AdapterPackage } from '@pluribus/core'
 *
 * const own: AdapterPackage = { use: '@acme/pluribus-sqs', options: { region: 'eu-west-1' } }
 * ```
 */
export interface AdapterPackage {
  readonly use: string
  readonly options?: unknown
}

/**
 * Everything that chooses an adapter: the adapter itself, a URL, a variable that holds a URL, or a package.
 *
 * @example
 * ```ts
 * import { type AdapterSource, createBroker, env } from '@pluribus/core'
 *
 * const sources: AdapterSource[] = ['memory:', 'redis://localhost:6379', env('PLURIBUS_URL')]
 * const open = () => Promise.all(sources.map(adapter => createBroker({ adapter })))
 * ```
 */
export type AdapterSource = Adapter | BrokerUrl | EnvReference | AdapterPackage | string

/** Reads a member; `undefined` where a getter or a proxy throws. */
function read(value: object, member: string): unknown {
  try {
    return (value as Record<string, unknown>)[member]
  } catch {
    return undefined
  }
}

/** What of an {@link Adapter} is missing in a value; empty for an adapter. */
export function missingMembers(value: object): string[] {
  const [name, capabilities] = [read(value, 'name'), read(value, 'capabilities')]
  const missing: string[] = []
  if (typeof name !== 'string' || name === '') missing.push('name')
  if (typeof capabilities !== 'object' || capabilities === null) missing.push('capabilities')
  if (typeof read(value, 'connect') !== 'function') missing.push('connect')
  if (typeof read(value, 'classify') !== 'function') missing.push('classify')
  return missing
}

/** Whether a value has the members of an {@link Adapter}. */
export const isAdapter = (value: unknown): value is Adapter =>
  typeof value === 'object' && value !== null && missingMembers(value).length === 0

/** Whether a value names a package; what is in it is checked when it is loaded. */
export const isAdapterPackage = (value: unknown): value is AdapterPackage =>
  typeof value === 'object' && value !== null && typeof read(value, 'use') === 'string'

/** Whether a value looks like the argument of `defineConfig`, which has not been called. */
export const isUndefinedConfig = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof read(value, 'connections') === 'object'
