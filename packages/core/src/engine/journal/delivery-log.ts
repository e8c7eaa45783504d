import { Alarm } from '../../driver/alarm.js'
import type { Timers } from '../../driver/environment.js'
import type { OutgoingMessage } from '../../driver/message.js'
import type { DeliveryEntry } from '../../model/journal.js'
import { shortened, sizeOf } from './entry.js'
import type { JournalSource } from './journal-source.js'

/** How long an entry waits for others to travel with, in milliseconds. */
const GATHER = 100
/** About how many characters a page has: far below what a broker takes in one message. */
const PAGE = 65_536
/** About how many characters may wait, those of the page that is under way included. */
const ROOM = 16 * 1_024 * 1_024
/** A character takes at most six bytes as JSON, and the rest of the page has to fit, too. */
const BYTES = 8

/** What a page is made of. */
export interface PageContent {
  readonly sequence: number
  readonly dropped: number
  readonly entries: readonly DeliveryEntry[]
}

/** What a log works with. */
export interface DeliveryLogParts {
  readonly timers: Timers
  /** How many bytes a message may have. */
  readonly limit: () => number
  /** Makes a message of a page. Throws `TOO_LARGE`. */
  readonly make: (content: PageContent) => OutgoingMessage
  /** There is something to be written. */
  readonly wake: () => void
}

/**
 * Entries that wait to be written, in pages. Bounded: what finds no room is dropped, and counted in the next page that is
 * stored. One timer for a page, none for an entry.
 */
export class DeliveryLog implements JournalSource {
  readonly #parts: DeliveryLogParts
  readonly #alarm: Alarm
  #waiting: DeliveryEntry[] = []
  #size = 0
  /** The page that is under way. */
  #taken: { readonly count: number; readonly size: number; readonly dropped: number } | undefined
  #isDue = false
  #isClosing = false
  #sequence = 0
  /** Dropped, and not told by a page that is stored. */
  #untold = 0
  #dropped = 0

  constructor(parts: DeliveryLogParts) {
    this.#parts = parts
    this.#alarm = new Alarm(parts.timers, () => {
      this.#isDue = true
      parts.wake()
    })
  }

  /** How many entries have been dropped. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many entries are not stored, and those that were dropped without a page that says so. */
  get unstored(): number {
    return this.#waiting.length + (this.#taken?.count ?? 0) + this.#untold
  }

  add(entry: DeliveryEntry): void {
    const size = sizeOf(entry)
    if (this.#size + (this.#taken?.size ?? 0) + size > ROOM) return this.#drop(1)
    this.#waiting.push(entry)
    this.#size += size
    this.#gather()
  }

  next(): OutgoingMessage | undefined {
    if (this.#waiting.length === 0 && !(this.#isClosing && this.#untold > 0)) return undefined
    if (!this.#isDue && !this.#isClosing && this.#size < PAGE) return undefined
    const { entries, size } = this.#takePage(Math.min(PAGE, Math.floor(this.#parts.limit() / BYTES)))
    this.#taken = { count: entries.length, size, dropped: this.#untold }
    this.#isDue = false
    if (this.#waiting.length > 0) this.#gather()
    try {
      return this.#parts.make({ sequence: ++this.#sequence, dropped: this.#untold, entries })
    } catch (error) {
      // This broker takes not even one entry: what is gone, the next page says.
      this.refused()
      throw error
    }
  }

  stored(): void {
    this.#untold -= this.#taken?.dropped ?? 0
    this.#taken = undefined
  }

  refused(): void {
    this.#drop(this.#taken?.count ?? 0)
    this.#taken = undefined
  }

  /** From now on nothing waits for others. */
  close(): void {
    this.#isClosing = true
    this.#alarm.clear()
  }

  #gather(): void {
    if (!this.#alarm.isSet && !this.#isDue && !this.#isClosing) this.#alarm.set(GATHER)
  }

  #drop(count: number): void {
    this.#dropped += count
    this.#untold += count
  }

  /** The oldest entries, up to `most` characters together, and one in any case. */
  #takePage(most: number): { readonly entries: readonly DeliveryEntry[]; readonly size: number } {
    let count = 0
    let size = 0
    for (const entry of this.#waiting) {
      const more = sizeOf(entry)
      if (count > 0 && size + more > most) break
      count++
      size += more
    }
    const entries = this.#waiting.splice(0, count)
    this.#size -= size
    return size <= most ? { entries, size } : { entries: entries.map(shortened), size }
  }
}
