import type { Arrivals } from './arrivals.js'
import type { Feed } from './feed.js'
import type { Hand } from './hand.js'
import type { Settling } from './settling.js'

/** How long what core does not pull is kept for it, in milliseconds, at least and at most, and as a part of the wait. */
const SECOND_THOUGHTS = { least: 100, most: 2_000, part: 1 / 2 }

/** How long what has come waits for core to pull it, in milliseconds, where the server waits for so long for a word of it. */
export function secondThoughts(wait: number): number {
  const { least, most, part } = SECOND_THOUGHTS
  return Math.min(most, Math.max(least, wait * part))
}

/** What a surplus is of. */
export interface SurplusParts {
  readonly feed: Pick<Feed, 'stop'>
  readonly arrivals: Pick<Arrivals, 'settled'>
  readonly hand: Pick<Hand, 'all' | 'withdraw' | 'ready'>
  readonly settling: Pick<Settling, 'release'>
}

/** What has come and was not pulled: others may be waiting for it. */
export class Surplus {
  readonly #parts: SurplusParts
  /** The last that was asked for; never rejects. */
  #last: Promise<void> | undefined

  constructor(parts: SurplusParts) {
    this.#parts = parts
  }

  /** Resolves when nothing is being given back; whether all of it could be is told to whoever asked for that. */
  async settled(): Promise<void> {
    while (this.#last !== undefined) await this.#last
  }

  /**
   * Gives back all but the first `kept`; with none kept, what is on its way as well. One after the other: what has come since the
   * one before began was none of its business.
   */
  async giveBack(kept: number): Promise<void> {
    const before = this.#last
    const giving = before === undefined ? this.#giveBack(kept) : before.then(() => this.#giveBack(kept))
    const last = giving.catch(() => {})
    this.#last = last
    try {
      await giving
    } finally {
      if (this.#last === last) this.#last = undefined
    }
  }

  async #giveBack(kept: number): Promise<void> {
    const { feed, arrivals, hand, settling } = this.#parts
    if (kept === 0) {
      await feed.stop()
      await arrivals.settled()
    }
    const waiting = hand.all().filter(({ isOut, isSettling }) => !isOut && !isSettling)
    const rest = waiting.slice(kept)
    const given = new Set(rest)
    const withdrawn = hand.withdraw(item => given.has(item))
    try {
      await settling.release(rest)
    } finally {
      // What could not be given back is still ours.
      for (const item of withdrawn) hand.ready(item)
    }
  }
}
