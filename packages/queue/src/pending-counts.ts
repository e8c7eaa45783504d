/** Messages in a chunk. 8 KiB. */
const CHUNK = 4096
const MASK = CHUNK - 1

/** Stored as count + 1, so that 0 means: not known, or handed out by `removable`. */
const MOST = 65_534

class Chunk {
  readonly counts = new Uint16Array(CHUNK)
  readonly start: number
  /** Known messages in the chunk. */
  known = 0
  /** Those of them that nobody waits for. */
  settled = 0

  constructor(start: number) {
    this.start = start
  }

  /** Those from index `from` on, before `end`, are pending in so many more. Returns how many of them were not known. */
  add(from: number, end: number, subscriptions: number): number {
    const { counts } = this
    const before = this.known
    for (let at = from; at < end; at++) {
      const stored = counts[at] as number
      const count = stored + subscriptions - (stored === 0 ? 0 : 1)
      if (count > MOST) throw tooMany(this.start + at, count)
      if (stored === 0) this.known++
      else if (stored === 1) this.settled--
      if (count === 0) this.settled++
      counts[at] = count + 1
    }
    return this.known - before
  }

  /** Index of the first that nobody waits for, from an index on; `end` or more where there is none before it. */
  settledFrom(index: number, end: number): number {
    if (this.settled === 0) return end
    let at = index
    while (at < end && this.counts[at] !== 1) at++
    return at
  }

  /** Forgets those from index `from` on, before `end`, that nobody waits for, up to the first of another kind. Returns the index behind them. */
  forget(from: number, end: number): number {
    let at = from
    if (this.settled === CHUNK && from === 0) at = end
    else while (at < end && this.counts[at] === 1) at++
    this.counts.fill(0, from, at)
    this.known -= at - from
    this.settled -= at - from
    return at
  }
}

const tooMany = (position: number, count: number): RangeError =>
  new RangeError(`Message ${position}: ${count} subscriptions; ${MOST} can be counted.`)

/**
 * Positions one after the other: from `from` up to, but not including, `to`.
 *
 * @example
 * ```ts
 * import type { Stretch } from '@pluribus/queue'
 *
 * const lengthOf = ({ from, to }: Stretch) => to - from
 * ```
 */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** Holds no position, so that looking at the recent chunk needs no test for undefined. */
const NOWHERE = new Chunk(-1)

/**
 * How many subscriptions of a topic still have a message pending: retention may remove a message when none has.
 * 2 bytes a message; a stretch of 4,096 positions whose messages are all removed costs nothing, even where an older
 * message stays pending.
 *
 * @example
 * ```ts
 * import { PendingCounts } from '@pluribus/queue'
 *
 * const log = new Map([[1, 'first']])
 * const pending = new PendingCounts()
 * pending.add(1, 2)                          // published: two subscriptions
 * pending.done(1)                            // 1: `handled` of the one
 * pending.done(1)                            // 0: `handled` of the other
 * for (const { from, to } of pending.removable(100)) for (let at = from; at < to; at++) log.delete(at)
 * ```
 */
export class PendingCounts {
  /** By chunk number. In rising order, because positions rise and a chunk that was dropped is not needed again. */
  readonly #chunks = new Map<number, Chunk>()
  /** The chunk looked up last: publishing and settling both stay in one for thousands of calls. */
  #recent = NOWHERE
  #size = 0

  /** Messages known: added, and not handed out by `removable`. */
  get size(): number {
    return this.#size
  }

  /**
   * A message is pending in `subscriptions` more subscriptions; 0 is allowed (nobody subscribes yet). The first call for
   * each position comes in rising order; a late subscription adds 1 to what is there already.
   *
   * @throws RangeError when more than 65,534 subscriptions would wait for it.
   */
  add(position: number, subscriptions: number): void {
    const at = position & MASK
    const found = this.#find(position)
    const stored = found === undefined ? 0 : (found.counts[at] as number)
    const count = (stored === 0 ? 0 : stored - 1) + subscriptions
    if (count > MOST) throw tooMany(position, count)
    const chunk = found ?? this.#create(position)
    if (stored === 0) {
      chunk.known++
      this.#size++
    }
    if (stored === 1) chunk.settled--
    if (count === 0) chunk.settled++
    chunk.counts[at] = count + 1
  }

  /** As `add` for each position of a stretch. */
  addAll({ from, to }: Stretch, subscriptions: number): void {
    for (let position = from; position < to; ) {
      const chunk = this.#find(position) ?? this.#create(position)
      const end = Math.min(CHUNK, to - chunk.start)
      this.#size += chunk.add(position & MASK, end, subscriptions)
      position = chunk.start + end
    }
  }

  /**
   * One subscription is done with the message. Returns how many are not.
   *
   * @throws RangeError when none was pending: somebody counted twice.
   */
  done(position: number): number {
    const chunk = this.#find(position)
    const stored = chunk === undefined ? 0 : (chunk.counts[position & MASK] as number)
    if (chunk === undefined || stored < 2) throw new RangeError(`Message ${position} is pending in no subscription.`)
    chunk.counts[position & MASK] = stored - 1
    if (stored === 2) chunk.settled++
    return stored - 2
  }

  /** Subscriptions that still have the message pending; -1 when the message is not known (any more). */
  count(position: number): number {
    const chunk = this.#find(position)
    return chunk === undefined ? -1 : (chunk.counts[position & MASK] as number) - 1
  }

  /**
   * The messages before `before` that no subscription has pending, in rising order, as stretches of known positions. A stretch is
   * forgotten when it is handed out, so each position is handed out once; what a caller that stops early has not seen comes again.
   * Where there is nothing to remove, chunks are skipped whole. May be walked while messages are added and done.
   */
  *removable(before: number): IterableIterator<Stretch> {
    for (const [number, chunk] of this.#chunks) {
      if (chunk.start >= before) return
      const end = Math.min(CHUNK, before - chunk.start)
      for (let from = chunk.settledFrom(0, end), to = 0; from < end; from = chunk.settledFrom(to, end)) {
        to = chunk.forget(from, end)
        this.#size -= to - from
        if (chunk.known === 0) this.#drop(number, chunk)
        yield { from: chunk.start + from, to: chunk.start + to }
      }
    }
  }

  #find(position: number): Chunk | undefined {
    const start = position - (position & MASK)
    if (this.#recent.start === start) return this.#recent
    const chunk = this.#chunks.get(start / CHUNK)
    if (chunk !== undefined) this.#recent = chunk
    return chunk
  }

  #create(position: number): Chunk {
    const start = position - (position & MASK)
    const chunk = new Chunk(start)
    this.#chunks.set(start / CHUNK, chunk)
    this.#recent = chunk
    return chunk
  }

  #drop(number: number, chunk: Chunk): void {
    this.#chunks.delete(number)
    if (this.#recent === chunk) this.#recent = NOWHERE
  }
}
