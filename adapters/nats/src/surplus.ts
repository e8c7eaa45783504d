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
  readonly feed: Feed
  readonly arrivals: Arrivals
  readonly hand: Hand
  readonly settling: Settling
}

/** What has come and was not pulled: others may be waiting for it. */
export class Surplus {
  readonly #parts: SurplusParts
  #underWay: Promise<void> | undefined

  constructor(parts: SurplusParts) {
    this.#parts = parts
  }

  /** Resolves when nothing is being given back. */
  async settled(): Promise<void> {
    await this.#underWay
  }

  /** Gives back all but the first `kept`; with none kept, what is on its way as well. Once at a time. */
  giveBack(kept: number): Promise<void> {
    this.#underWay ??= this.#giveBack(kept).finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
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
