import { grown } from './grown.js'
import type { Trouble } from './trouble.js'

/**
 * What the last claim took: entry `i` of each array describes one delivery, 0 to the returned count - 1.
 *
 * The arrays belong to the queue. The next claim overwrites them, and may replace them by longer ones: read them from
 * this object after each claim, and keep none.
 *
 * @example
 * ```ts
 * import type { Claimed } from '@pluribus/queue'
 *
 * const tokens = (claimed: Claimed, count: number) => Array.from({ length: count }, (_, i) => claimed.token[i])
 * ```
 */
export class Claimed {
  /** The message. */
  position = new Float64Array(64)
  /** The lease: what every settling call wants. */
  token = new Float64Array(64)
  /** Runs that failed; the attempt about to begin is one more. */
  failures = new Uint32Array(64)
  /** Deliveries that vanished with another instance since the last run that ended. */
  losses = new Uint32Array(64)
  /** Those of them that were marked. */
  marks = new Uint32Array(64)

  /** Writes entry `index`, the one after the last. `trouble`: what is held against the message. */
  put(index: number, position: number, token: number, trouble: Trouble | undefined): void {
    if (index === this.position.length) this.#grow()
    this.position[index] = position
    this.token[index] = token
    this.failures[index] = trouble === undefined ? 0 : trouble.failures
    this.losses[index] = trouble === undefined ? 0 : trouble.losses
    this.marks[index] = trouble === undefined ? 0 : trouble.marks
  }

  /** Doubles the room. */
  #grow(): void {
    const length = this.position.length * 2
    this.position = grown(this.position, length)
    this.token = grown(this.token, length)
    this.failures = grown(this.failures, length)
    this.losses = grown(this.losses, length)
    this.marks = grown(this.marks, length)
  }
}
