import type { BrokerUrl } from '@pluribus/core/driver'
import { unknownOption } from './errors.js'
import { MemoryStore } from './store.js'

/**
 * How a memory adapter is configured.
 *
 * @example
 * ```ts
 * import { type MemoryOptions, memory } from '@pluribus/memory'
 *
 * const options: MemoryOptions = { name: 'scratch' }
 * export const scratch = memory(options)
 * ```
 */
export interface MemoryOptions {
  /** Where messages are kept. Default: a store of the adapter's own. */
  readonly store?: MemoryStore
  /** What errors and logs call the adapter. Default: `memory`. */
  readonly name?: string
}

/** The stores that URLs share by name, for the life of the process: a URL is data, and has no object to share. */
const named = new Map<string, MemoryStore>()

/**
 * The store that a URL means.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` where the URL has an option: there are none.
 */
export function storeOf(url: BrokerUrl): MemoryStore {
  for (const option of url.options.keys()) throw unknownOption(option)
  const name = url.path
  if (name === '') return new MemoryStore()
  const known = named.get(name)
  if (known !== undefined) return known
  const store = new MemoryStore()
  named.set(name, store)
  return store
}
