import type { Capabilities } from '@pluribus/core/driver'

/** How long an id is remembered after its message was stored, in milliseconds. */
export const DEDUPLICATION_WINDOW = 3_600_000

const YEAR = 365 * 86_400_000

export const CAPABILITIES: Capabilities = Object.freeze({
  // The write-ahead log is synchronised before a commit returns: see Database.
  durability: 'disk',
  fifo: 'exact',
  lifo: 'exact',
  priority: 'exact',
  priorityLevels: 100,
  keys: 'key',
  competing: 'message',
  delay: 'native',
  delayTick: 1,
  fencing: 'exact',
  settle: 'stored',
  attempts: 'stored',
  losses: 'marked',
  deduplication: Object.freeze({ window: DEDUPLICATION_WINDOW, ids: 'all' }),
  retention: 'keeps-pending',
  history: 'stored',
  from: Object.freeze(['earliest', 'latest', 'time', 'id'] as const),
  counts: Object.freeze(['waiting', 'leased', 'retrying', 'scheduled', 'dead'] as const),
  sequenced: 'none',
  transactions: 'none',
  limits: Object.freeze({ payload: 16_777_216, headers: 65_536, hold: YEAR }),
})
