import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'

/** How long the server remembers the ids that callers supply unless it is told otherwise, in milliseconds. */
export const DEDUPLICATION_WINDOW = 120_000

/** Of what the server takes in one message, this much is left for headers, and for the errors of dead letters. */
const RESERVED = 384 * 1_024
/** What a server takes in one message unless it is told otherwise. */
const USUAL = 1_024 * 1_024

/** Of the 64 KiB that the server takes, ours included; what no header can have grows by a third. */
const HEADERS = 32 * 1_024

/**
 * What JetStream can honestly promise. A message is a consumer's own until it is acked, for as long as it says that it lives;
 * but an ack is taken from anybody, and stored a little after it was heard.
 */
export const CAPABILITIES: Capabilities = Object.freeze({
  // Before it acknowledges, the server writes; it does not wait for the disk unless it is told to, which it tells nobody.
  durability: 'process',
  fifo: 'exact',
  // The newest of what has been fetched would be no order worth the name.
  lifo: 'none',
  priority: 'windowed',
  priorityLevels: 256,
  keys: 'window',
  competing: 'message',
  delay: 'emulated',
  delayTick: 50,
  fencing: 'local',
  settle: 'sent',
  attempts: 'stored',
  losses: 'marked',
  deduplication: Object.freeze({ window: DEDUPLICATION_WINDOW, ids: 'supplied' }),
  retention: 'may-drop-pending',
  history: 'stored',
  from: Object.freeze(['earliest', 'latest', 'time', 'id'] as const),
  counts: Object.freeze(['dead'] as const),
  sequenced: 'none',
  transactions: 'none',
  limits: Object.freeze({ payload: USUAL - RESERVED, headers: HEADERS, hold: NO_LIMIT }),
})

/** What an adapter promises that has the server remember ids for `window` milliseconds. */
export const capabilitiesOf = (window: number): Capabilities =>
  window === DEDUPLICATION_WINDOW
    ? CAPABILITIES
    : Object.freeze({ ...CAPABILITIES, deduplication: Object.freeze({ window, ids: 'supplied' }) })

/** What a server gives of it that takes messages of up to `maxPayload` bytes. */
export function capabilitiesOn(capabilities: Capabilities, maxPayload: number): Capabilities {
  const payload = Math.max(0, maxPayload - RESERVED)
  if (payload >= capabilities.limits.payload) return capabilities
  return Object.freeze({ ...capabilities, limits: Object.freeze({ ...capabilities.limits, payload }) })
}
