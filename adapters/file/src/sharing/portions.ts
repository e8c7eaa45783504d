import type { PlainValue } from '../socket/plain-value.js'

/** Bytes that are answered at once. Many calls may be answered in one turn, and a peer for whom 64 MiB wait is cut off. */
const INLINE_BYTES = 256 * 1_024
/** Bytes after which a portion ends: with one more message it fits into a frame. */
const PORTION_BYTES = 4 * 1_024 * 1_024

/** The answer to a call that may be larger than a frame: all of its items, or where they can be fetched, one portion after the other. */
export type Portioned =
  | { readonly items: readonly PlainValue[] }
  | { readonly ticket: number; readonly portions: number }

/** What a client has asked for and not fetched yet. */
export class Portions {
  readonly #waiting = new Map<number, (readonly PlainValue[])[]>()
  #last = 0

  /** @param sizeOf Bytes of an item. */
  offer<T extends object>(items: readonly T[], sizeOf: (item: T) => number): Portioned {
    const portions = portionsOf(items, sizeOf)
    if (portions === undefined) return { items: items as readonly PlainValue[] }
    const ticket = ++this.#last
    this.#waiting.set(ticket, portions)
    return { ticket, portions: portions.length }
  }

  /** The next portion of a ticket; nothing behind the last one. */
  next(ticket: number): readonly PlainValue[] {
    const portions = this.#waiting.get(ticket)
    const next = portions?.shift() ?? []
    if (portions?.length === 0) this.#waiting.delete(ticket)
    return next
  }
}

/** Undefined where all of it is answered at once. */
function portionsOf<T extends object>(
  items: readonly T[],
  sizeOf: (item: T) => number,
): (readonly PlainValue[])[] | undefined {
  const portions: PlainValue[][] = []
  let room = 0
  let total = 0
  for (const item of items) {
    const size = sizeOf(item)
    total += size
    if (room <= 0) {
      portions.push([])
      room = PORTION_BYTES
    }
    portions.at(-1)?.push(item as PlainValue)
    room -= size
  }
  return total <= INLINE_BYTES ? undefined : portions
}
