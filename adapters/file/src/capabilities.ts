import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'

/** How long a supplied id is remembered unless the options say otherwise, in milliseconds. */
export const DEDUPLICATION_WINDOW = 300_000

/** Everything that the contract knows, exactly, and on disk. What the adapter says here, the conformance suite proves. */
export const capabilitiesOf = (window: number): Capabilities =>
  Object.freeze({
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
    deduplication: Object.freeze({ window, ids: 'supplied' }),
    retention: 'keeps-pending',
    history: 'stored',
    from: Object.freeze(['earliest', 'latest', 'time', 'id'] as const),
    counts: Object.freeze(['waiting', 'leased', 'retrying', 'scheduled', 'dead'] as const),
    sequenced: 'stored',
    transactions: 'none',
    limits: Object.freeze({ payload: 16 * 1_024 * 1_024, headers: 64 * 1_024, hold: NO_LIMIT }),
  })
