/**
 * Losses after which a message is a suspect: a claim returns it alone.
 *
 * @example
 * ```ts
 * import { SUSPECT_AFTER } from '@pluribus/queue'
 *
 * const isSuspect = (losses: number) => losses >= SUSPECT_AFTER
 * ```
 */
export const SUSPECT_AFTER = 2

/**
 * What is held against one message. Kept only while something is.
 *
 * @example
 * ```ts
 * import type { Trouble } from '@pluribus/queue'
 *
 * const lostBySomebody: Trouble = { failures: 0, losses: 1, marks: 0, lostBy: undefined, lostMarked: false }
 * ```
 */
export interface Trouble {
  /** Runs that failed. */
  failures: number
  /** Deliveries that vanished with a consumer of another instance. */
  losses: number
  /** Those of them that were marked: the message ran alone when its process vanished. */
  marks: number
  /** Instance that held the last lost lease; undefined once that loss has been judged, by the next claim. */
  lostBy: number | undefined
  /** Whether that lease was marked. */
  lostMarked: boolean
}

/**
 * Failures, losses and marks of the messages that have any, so that a healthy message costs nothing.
 *
 * A lost lease is judged late, by whoever claims the message next: the process that held it had a cut connection, which
 * is held against nothing; another process means that the first one is gone.
 */
export class TroubleBook {
  readonly #troubles = new Map<number, Trouble>()

  get size(): number {
    return this.#troubles.size
  }

  get(position: number): Trouble | undefined {
    return this.#troubles.size === 0 ? undefined : this.#troubles.get(position)
  }

  forget(position: number): void {
    this.#troubles.delete(position)
  }

  /** Kept from an earlier life. */
  restore(position: number, trouble: Trouble): void {
    this.#troubles.set(position, { ...trouble })
  }

  /** A run failed, and its consumer lived to say so: what was suspected before is disproved. */
  failed(position: number): void {
    const trouble = this.#open(position)
    trouble.failures++
    trouble.losses = 0
    trouble.marks = 0
  }

  /** A lease expired. */
  lost(position: number, instance: number, marked: boolean): void {
    const trouble = this.#open(position)
    trouble.lostBy = instance
    trouble.lostMarked = marked
  }

  /** Losses as they count for a claim by `instance`. Changes nothing: the claim may yet leave the message where it is. */
  losses(trouble: Trouble, instance: number): number {
    return trouble.losses + (isForeign(trouble, instance) ? 1 : 0)
  }

  /** `instance` takes the message: counts the last loss, and returns what is held against it, if anything is. */
  judge(position: number, trouble: Trouble, instance: number): Trouble | undefined {
    if (isForeign(trouble, instance)) {
      trouble.losses++
      if (trouble.lostMarked) trouble.marks++
    }
    trouble.lostBy = undefined
    // A loss that does not count leaves nothing to remember.
    if (trouble.failures > 0 || trouble.losses > 0) return trouble
    this.#troubles.delete(position)
    return undefined
  }

  #open(position: number): Trouble {
    const known = this.#troubles.get(position)
    if (known !== undefined) return known
    const trouble: Trouble = { failures: 0, losses: 0, marks: 0, lostBy: undefined, lostMarked: false }
    this.#troubles.set(position, trouble)
    return trouble
  }
}

function isForeign(trouble: Trouble, instance: number): boolean {
  return trouble.lostBy !== undefined && trouble.lostBy !== instance
}
