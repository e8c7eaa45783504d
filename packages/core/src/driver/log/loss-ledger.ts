import type { ContiguousFloor } from './contiguous-floor.js'
import { encodeNote, type HandoverNote, MOST_LOSSES, MOST_TROUBLES } from './handover-note.js'

/**
 * How a {@link LossLedger} takes over.
 *
 * @example
 * ```ts
 * import type { LossLedgerOptions } from '@pluribus/core/driver'
 *
 * const first: LossLedgerOptions = { note: undefined, instance: 'worker-1', span: 512 }
 * ```
 */
export interface LossLedgerOptions {
  /** What was stored with the floor. */
  readonly note: HandoverNote | undefined
  /** `Environment.instance`. */
  readonly instance: string
  /** The most positions from the floor on that we may have in hand. */
  readonly span: number
}

/**
 * How often a message of a partition may have been lost, for brokers that do not count deliveries but store a note with the
 * floor. Whoever takes a partition over from an owner that has not given it back knows the floor, what is done above it, and how
 * far beyond it that owner may have got: everything in there and not done has, maybe, been lost. That is too many, never too few;
 * being a suspect costs a message only that it is run alone. Once a suspect is run, only that one is lost with its owner.
 *
 * Ordinals count the positions delivered since this ledger was made, from 1, those done already included.
 *
 * @example
 * ```ts
 * import { LossLedger } from '@pluribus/core/driver'
 *
 * const ledger = new LossLedger({ note: undefined, instance: 'worker-1', span: 512 })
 * ledger.lossesOf(7, 1) // { losses: 0, marks: 0 }
 * ```
 */
export class LossLedger {
  readonly #instance: string
  readonly #span: number
  /** Ordinals up to which each loss may reach. */
  readonly #reach: readonly number[]
  readonly #troubles = new Map<number, { losses: number; marks: number }>()
  #marked: number | undefined

  constructor({ note, instance, span }: LossLedgerOptions) {
    this.#instance = instance
    this.#span = span
    for (const { position, losses, marks } of note?.troubles ?? []) this.#troubles.set(position, { losses, marks })
    const reach = note?.reach ?? []
    const isLoss = note !== undefined && note.owner !== '' && note.owner !== instance
    this.#reach = isLoss && note.marked === undefined ? this.#extended(reach, note.span) : reach
    if (note?.marked === undefined) return
    if (isLoss) this.#add(note.marked, 1, 1)
    // Ours still, and it may still be running here.
    else if (note.owner === instance) this.#marked = note.marked
  }

  lossesOf(position: number, ordinal: number): { readonly losses: number; readonly marks: number } {
    const { losses, marks } = this.#troubles.get(position) ?? { losses: 0, marks: 0 }
    return { losses: this.#reaching(ordinal) + losses, marks }
  }

  /** This suspect is about to be run, alone: true as soon as the note is stored. */
  mark(position: number): void {
    this.#marked = position
  }

  /** It is not being run any more. Answers whether it was. */
  unmark(position: number): boolean {
    if (this.#marked !== position) return false
    this.#marked = undefined
    return true
  }

  /** A run of it has ended here: whatever is wrong with it, it does not end its process. */
  forgive(position: number, ordinal: number): void {
    this.unmark(position)
    this.#troubles.delete(position)
    this.#add(position, -this.#reaching(ordinal), 0)
  }

  /** It is done. */
  forget(position: number): void {
    this.unmark(position)
    this.#troubles.delete(position)
  }

  /** The note to be stored with the floor; `given`: the partition is being given back. */
  note(floor: ContiguousFloor, given = false): string {
    const reach = this.#reach.map(ordinal => ordinal - floor.passed).filter(left => left > 0)
    const troubles = Array.from(this.#troubles, ([position, trouble]) => ({ position, ...trouble }))
    const note: HandoverNote = {
      owner: given ? '' : this.#instance,
      span: this.#span,
      done: floor.ranges(),
      reach,
      troubles,
      marked: given ? undefined : this.#marked,
    }
    return encodeNote(note, floor.floor)
  }

  #extended(reach: readonly number[], span: number): readonly number[] {
    if (reach.length < MOST_LOSSES) return [...reach, span]
    // What was forgiven before may have been forgiven the loss that is dropped here: it must not count for less than none.
    for (const [position, { losses }] of this.#troubles) if (losses < 0) this.#add(position, 1, 0)
    return [...reach.slice(1), span]
  }

  #reaching(ordinal: number): number {
    let losses = 0
    for (const last of this.#reach) if (ordinal <= last) losses++
    return losses
  }

  #add(position: number, losses: number, marks: number): void {
    const known = this.#troubles.get(position) ?? { losses: 0, marks: 0 }
    const sum = { losses: known.losses + losses, marks: known.marks + marks }
    this.#troubles.delete(position)
    if (sum.losses === 0 && sum.marks === 0) return
    if (this.#troubles.size >= MOST_TROUBLES) this.#forgetOne()
    this.#troubles.set(position, sum)
  }

  /** What is forgotten is run once more than it had to be, or alone although it need not be. */
  #forgetOne(): void {
    for (const [position, { marks }] of this.#troubles) {
      if (marks === 0) return void this.#troubles.delete(position)
    }
    const [oldest] = this.#troubles.keys()
    if (oldest !== undefined) this.#troubles.delete(oldest)
  }
}
