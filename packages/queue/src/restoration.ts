import type { DeadLetters } from './dead-letters.js'
import type { DueHeap } from './due-heap.js'
import type { KeyGate } from './key-gate.js'
import { type LeaseTable, MARKED, type Session, TROUBLED } from './lease-table.js'
import type { Stretch } from './pending-counts.js'
import type { Restored } from './queue-options.js'
import type { ReadyBands } from './ready-bands.js'
import type { TroubleBook } from './trouble.js'

const NONE = -1

/** What a restoration works on: all of it the queue's. */
export interface RestorationParts {
  readonly ready: ReadyBands
  readonly keys: KeyGate
  readonly waits: DueHeap
  readonly leases: LeaseTable
  readonly troubles: TroubleBook
  readonly dead: DeadLetters
  keyOf(position: number): string | undefined
  bandOf(position: number): number
  /** Ready for the first time. */
  join(position: number): void
}

/** Fills an empty queue. Returns with how many. */
export function restore(parts: RestorationParts, restored: Iterable<Restored | Stretch>): number {
  const sessions = new Map<number, Session>()
  let count = 0
  for (const message of restored) {
    if ('from' in message) {
      for (let position = message.from; position < message.to; position++) parts.join(position)
      count += message.to - message.from
      continue
    }
    count++
    const { position, state, due, trouble } = message
    if (state === 'dead') parts.dead.add(position)
    else if (state === 'scheduled') parts.waits.schedule(position, due)
    else if (state === 'ready' && trouble === undefined) parts.join(position)
    else resume(parts, message, sessions)
  }
  return count
}

/**
 * Puts a message that was handed out before at the next place of its band, with what is held against it. It has held its key, and holds
 * it still: it is the first of its key that is told, because a key is handed on in the order of becoming ready.
 */
function resume(parts: RestorationParts, message: Restored, sessions: Map<number, Session>): void {
  const { ready, keys, waits, troubles, keyOf, bandOf } = parts
  const { position, state, due, trouble } = message
  const band = bandOf(position)
  const place = ready.line(band).reserve()
  if (trouble !== undefined) troubles.restore(position, trouble)
  const key = keyOf(position)
  const gate = key === undefined ? NONE : keys.enter(key)
  if (key !== undefined && gate < 0) return keys.park(~gate, position, place)
  if (state === 'leased') lease(parts, message, sessions, { place, gate })
  else if (state === 'retrying') waits.retry(position, due, place)
  else ready.giveBack(position, band, place)
}

/** Leases it, to a session for all that its instance has: nobody has its tokens, and whoever takes it over gets new ones. */
function lease(
  { leases }: RestorationParts,
  { position, due, holder, trouble }: Restored,
  sessions: Map<number, Session>,
  { place, gate }: { readonly place: number; readonly gate: number },
): void {
  if (holder === undefined) throw new RangeError(`Message ${position} is leased, and its holder is missing.`)
  // Each lease ends when it is told to, so the session itself has no length.
  const session = sessions.get(holder) ?? leases.opened(leases.open(holder, 0))
  sessions.set(holder, session)
  const slot = leases.take(session, due, position, place, gate)
  if (trouble !== undefined) leases.flags[slot] = trouble.lostMarked ? TROUBLED | MARKED : TROUBLED
}
