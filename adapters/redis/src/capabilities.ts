import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'
import type { ServerFacts } from './durability.js'

/** How long a supplied id is remembered unless the options say otherwise, in milliseconds. */
export const DEDUPLICATION_WINDOW = 300_000

/**
 * The best case: a server that writes its append-only file to disk before it answers. What this one gives is found out when
 * it is connected to.
 */
const CAPABILITIES: Capabilities = Object.freeze({
  durability: 'disk',
  fifo: 'exact',
  lifo: 'exact',
  priority: 'exact',
  priorityLevels: 256,
  keys: 'key',
  competing: 'message',
  delay: 'native',
  delayTick: 1,
  fencing: 'exact',
  settle: 'stored',
  attempts: 'stored',
  losses: 'marked',
  deduplication: Object.freeze({ window: DEDUPLICATION_WINDOW, ids: 'supplied' }),
  retention: 'keeps-pending',
  history: 'stored',
  from: Object.freeze(['earliest', 'latest', 'time', 'id'] as const),
  counts: Object.freeze(['waiting', 'leased', 'retrying', 'scheduled', 'dead'] as const),
  sequenced: 'stored',
  transactions: 'none',
  // A retried message holds its key where it stands, for as long as it takes: nothing is occupied meanwhile.
  limits: Object.freeze({ payload: 16 * 1_024 * 1_024, headers: 64 * 1_024, hold: NO_LIMIT }),
})

/** What an adapter promises that remembers ids for `window` milliseconds. */
export const capabilitiesOf = (window: number): Capabilities =>
  window === DEDUPLICATION_WINDOW
    ? CAPABILITIES
    : Object.freeze({ ...CAPABILITIES, deduplication: Object.freeze({ window, ids: 'supplied' }) })

/** What a server gives of it. */
export const capabilitiesOn = (capabilities: Capabilities, { durability, isClustered }: ServerFacts): Capabilities =>
  Object.freeze({ ...capabilities, durability, ...(isClustered ? { sequenced: 'none' } : {}) })
