import type { DeadLetters } from './dead-letters.js'
import type { DueHeap } from './due-heap.js'
import type { KeyGate } from './key-gate.js'
import type { Restored } from './queue-options.js'
import type { ReadyBands } from './ready-bands.js'
import type { TroubleBook } from './trouble.js'

const NONE = -1

/** What a restoration works on: all of it the queue's. */
export interface RestorationParts {
  readonly ready: ReadyBands
  readonly keys: KeyGate
  readonly waits: DueHeap
  readonly troubles: TroubleBook
  readonly dead: DeadLetters
  keyOf(position: number): string | undefined
  bandOf(position: number): number
  /** Ready for the first time. */
  join(position: number): void
}

/** Fills an empty queue. Returns with how many. */
export function restore(parts: RestorationParts, restored: Iterable<Restored>): number {
  let count = 0
  for (const message of restored) {
    count++
    const { position, state, due, trouble } = message
    if (state === 'dead') parts.dead.add(position)
    else if (state === 'scheduled') parts.waits.schedule(position, due)
    else if (state === 'ready' && trouble === undefined) parts.join(position)
    else resume(parts, message)
  }
  return count
}

/**
 * Puts a message that was handed out before at the next place of its band, with what is held against it. It has held its key, and holds
 * it still: it is the first of its key that is told, because a key is handed on in the order of becoming ready.
 */
function resume({ ready, keys, waits, troubles, keyOf, bandOf }: RestorationParts, message: Restored): void {
  const { position, state, due, trouble } = message
  const band = bandOf(position)
  const place = ready.line(band).reserve()
  if (trouble !== undefined) troubles.restore(position, trouble)
  const key = keyOf(position)
  const gate = key === undefined ? NONE : keys.enter(key)
  if (key !== undefined && gate < 0) return keys.park(~gate, position, place)
  if (state === 'retrying') waits.retry(position, due, place)
  else ready.giveBack(position, band, place)
}
