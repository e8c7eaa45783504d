/**
 * What goes wrong by itself, at random by the server's seed.
 *
 * @example
 * ```ts
 * import type { SimLogFaults } from '@pluribus/core/testing'
 *
 * const roughSea: SimLogFaults = { lostReplies: 0.01, lostRequests: 0.01, unrest: 30_000 }
 * ```
 */
export interface SimLogFaults {
  /** The chance that a call never arrives, from 0 to 1. Default: 0. */
  readonly lostRequests?: number
  /** The chance that a call is executed and its reply never arrives, from 0 to 1. Default: 0. */
  readonly lostReplies?: number
  /** How long a group is left in peace on average before its partitions are dealt out anew, in milliseconds. Default: for ever. */
  readonly unrest?: number | undefined
}

/** Decides what happens to each call. */
export class SimFaults {
  readonly #random: () => number
  readonly #faults: SimLogFaults
  readonly #armed = new Map<string, number>()
  #isCalm = false

  constructor(faults: SimLogFaults, random: () => number) {
    this.#faults = faults
    this.#random = random
  }

  /** The next replies to this kind of call are lost. */
  loseReplies(operation: string, times: number): void {
    this.#armed.set(operation, (this.#armed.get(operation) ?? 0) + times)
  }

  /** Nothing goes wrong by itself any more. */
  calm(): void {
    this.#isCalm = true
    this.#armed.clear()
  }

  fateOf(operation: string): 'request lost' | 'reply lost' | undefined {
    const armed = this.#armed.get(operation) ?? 0
    if (armed > 0) {
      this.#armed.set(operation, armed - 1)
      return 'reply lost'
    }
    const { lostRequests = 0, lostReplies = 0 } = this.#faults
    if (this.#isCalm || lostRequests + lostReplies === 0) return undefined
    const drawn = this.#random()
    if (drawn < lostRequests) return 'request lost'
    return drawn < lostRequests + lostReplies ? 'reply lost' : undefined
  }

  unrest(): number | undefined {
    const { unrest } = this.#faults
    return this.#isCalm || unrest === undefined ? undefined : unrest * (0.5 + this.#random())
  }
}
