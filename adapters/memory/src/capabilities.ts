import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'

/** How long a supplied id is remembered, in milliseconds. */
export const DEDUPLICATION_WINDOW = 300_000

/**
 * Everything that the contract knows, exactly: the yardstick for the other adapters. Only durability is the weakest
 * there is. What the adapter says here, the conformance suite proves.
 */
export const CAPABILITIES: Capabilities = Object.freeze({
  durability: 'memory',
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
