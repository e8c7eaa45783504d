import { type BrokerUrl, checkOptions, PluribusError } from '@pluribus/core/driver'
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

/** Options with every default applied. Throws `INVALID_ARGUMENT`. */
export function resolveOptions(options: MemoryOptions): Required<MemoryOptions> {
  const { name = 'memory', store = new MemoryStore() } = checkOptions(options, ['name', 'store'], 'memory()')
  if (typeof name !== 'string' || name === '') throw bad('name', 'a text that is not empty')
  if (!(store instanceof MemoryStore)) throw bad('store', 'what memoryStore() made')
  return { name, store }
}

const bad = (argument: string, legal: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `memory() ${argument} is ${legal}.`, { details: { argument } })

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
