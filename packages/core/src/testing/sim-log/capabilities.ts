import type { Capabilities } from '../../driver/capabilities.js'
import { DELAY_TICK } from './delay-buckets.js'

/** What a log broker with room for a note beside each committed position can honestly promise. */
const BEST: Capabilities = Object.freeze({
  // What it has acknowledged survives its crash.
  durability: 'disk',
  fifo: 'exact',
  // The newest of a window would be no order worth the name, while the oldest holds the floor back.
  lifo: 'none',
  priority: 'windowed',
  priorityLevels: 256,
  keys: 'window',
  competing: 'partition',
  delay: 'emulated',
  delayTick: DELAY_TICK,
  fencing: 'local',
  settle: 'stored',
  attempts: 'process',
  losses: 'marked',
  deduplication: 'none',
  retention: 'may-drop-pending',
  history: 'stored',
  from: Object.freeze(['earliest', 'latest', 'time'] as const),
  counts: Object.freeze(['dead'] as const),
  sequenced: 'none',
  transactions: 'none',
  limits: Object.freeze({ payload: 1_024 * 1_024, headers: 64 * 1_024, hold: 60_000 }),
})

/**
 * Without that room, what is done above the floor is forgotten with its process, and so is what runs alone.
 *
 * @param noteBytes Characters that the server stores beside a position.
 */
export function capabilitiesOf(noteBytes: number): Capabilities {
  if (noteBytes > 0) return BEST
  return Object.freeze({ ...BEST, settle: 'sent', losses: 'none' })
}
