import { appendErrors, type ErrorRecord, type SubscriptionSpec } from '@pluribus/core/driver'
import type { Place } from './places.js'
import { PositionSet } from './position-set.js'

/** What is held against a message that has failed or vanished here. Most have nothing. */
export interface Held {
  failures: number
  losses: number
  /** Those of the losses that were marked. */
  marks: number
  /** When it is ready again, by the folder's clock; 0 where it is. */
  due: number
  errors: readonly ErrorRecord[]
}

/** A death, as it stands in the log. */
export interface Grave {
  /** Rises from one death to the next. */
  readonly number: number
  /** Sequence number of the record. */
  readonly sequence: number
}

/**
 * One subscription as the log has it: what it has still to handle, and what is known of that. Changed by records alone, in their
 * order, so that every process that reads the log comes to the same.
 */
export class SubscriptionModel {
  readonly number: number
  spec: SubscriptionSpec
  /** Whatever it has not handled, dead letters included. */
  readonly pending = new PositionSet()
  /** Handed out and not settled: by position, the instance that has it. */
  readonly taken = new Map<number, string>()
  /** Those of them that are suspects and being run alone. */
  readonly marked = new Set<number>()
  readonly troubles = new Map<number, Held>()
  /** By position, in the order of dying. */
  readonly deaths = new Map<number, Grave>()
  /** Where those stand that were put back from the dead letters. */
  readonly revived = new Map<number, Place>()

  constructor(number: number, spec: SubscriptionSpec) {
    this.number = number
    this.spec = spec
  }

  /** Handed out. Whoever had it before without settling has lost it, unless that is the same instance. */
  take(position: number, instance: string): void {
    const before = this.taken.get(position)
    if (before === undefined && !this.pending.has(position)) return
    this.taken.set(position, instance)
    if (before === undefined) return
    const wasMarked = this.marked.delete(position)
    if (before === instance) return
    const held = this.#held(position)
    held.losses++
    if (wasMarked) held.marks++
  }

  /** A suspect is being run alone. */
  mark(position: number): void {
    if (this.taken.has(position)) this.marked.add(position)
  }

  /** Given back: nothing is counted. */
  release(position: number): void {
    this.taken.delete(position)
    this.marked.delete(position)
  }

  /** A failed run. */
  retry(position: number, due: number, error: ErrorRecord): void {
    if (!this.taken.has(position)) return
    this.release(position)
    const held = this.#held(position)
    held.failures++
    held.losses = 0
    held.marks = 0
    held.due = due
    held.errors = appendErrors(held.errors, [error])
  }

  /** Handled. False where that was known. */
  done(position: number): boolean {
    if (!this.pending.delete(position)) return false
    this.release(position)
    this.troubles.delete(position)
    this.revived.delete(position)
    return true
  }

  /** Dead, or the record of its death is another one now. Answers whether it is pending at all. */
  die(position: number, sequence: number): boolean {
    if (!this.pending.has(position)) return false
    const { number = sequence } = this.deaths.get(position) ?? {}
    this.deaths.set(position, { number, sequence })
    this.release(position)
    this.troubles.delete(position)
    this.revived.delete(position)
    return true
  }

  /** Put back, with everything forgotten. */
  revive(position: number, place: Place): void {
    if (this.deaths.delete(position)) this.revived.set(position, place)
  }

  /** Undefined where nothing is. */
  heldAgainst(position: number): Readonly<Held> | undefined {
    return this.troubles.size === 0 ? undefined : this.troubles.get(position)
  }

  #held(position: number): Held {
    const known = this.troubles.get(position)
    if (known !== undefined) return known
    const held: Held = { failures: 0, losses: 0, marks: 0, due: 0, errors: [] }
    this.troubles.set(position, held)
    return held
  }
}
