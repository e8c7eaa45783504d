import { decodeRanges, encodeRanges, type PositionRange } from './position-ranges.js'

/**
 * What is stored beside a floor for whoever has the partition next, where the broker has room for it (Kafka: the metadata of a
 * commit, 4,096 bytes).
 *
 * @example
 * ```ts
 * import type { HandoverNote } from '@pluribus/core/driver'
 *
 * const wasGivenBack = (note: HandoverNote) => note.owner === ''
 * ```
 */
export interface HandoverNote {
  /** The `Environment.instance` that has the partition; empty where it was given back. */
  readonly owner: string
  /** How many positions from the floor on that owner may have in hand. */
  readonly span: number
  /** What is done above the floor. */
  readonly done: readonly PositionRange[]
  /** One entry for each loss that has happened: how many positions from the floor on it may have hit. */
  readonly reach: readonly number[]
  /** What differs for single positions. */
  readonly troubles: readonly Trouble[]
  /** The suspect that is being run alone. */
  readonly marked: number | undefined
}

/**
 * What is known of one position beyond the losses that reach it.
 *
 * @example
 * ```ts
 * import type { Trouble } from '@pluribus/core/driver'
 *
 * const isForgiven = ({ losses, marks }: Trouble) => losses < 0 && marks === 0
 * ```
 */
export interface Trouble {
  readonly position: number
  /** To be added to the losses that reach it; negative where a run of it has ended since. */
  readonly losses: number
  readonly marks: number
}

/** Positions are stored as distances from the floor. */
interface Stored {
  readonly o: string
  readonly s: number
  readonly d: string
  readonly r?: readonly number[]
  readonly t?: readonly (readonly [number, number, number])[]
  readonly m?: number
}

/**
 * The characters of a note that are not for what is done above the floor: what is left of the broker's room is the `room`
 * of a {@link ContiguousFloor}.
 *
 * @example
 * ```ts
 * import { ContiguousFloor, NOTE_OVERHEAD } from '@pluribus/core/driver'
 *
 * const floor = (position: number) => new ContiguousFloor({ floor: position, room: 4_096 - NOTE_OVERHEAD })
 * ```
 */
export const NOTE_OVERHEAD = 1_024
/** Kept of losses and of troubles, the worst and the latest: so that they fit the overhead. */
export const MOST_LOSSES = 8
export const MOST_TROUBLES = 16

/**
 * A note as text.
 *
 * @example
 * ```ts
 * import { encodeNote, type HandoverNote } from '@pluribus/core/driver'
 *
 * const fits = (note: HandoverNote, floor: number) => encodeNote(note, floor).length <= 4_096
 * ```
 */
export function encodeNote({ owner, span, done, reach, troubles, marked }: HandoverNote, floor: number): string {
  const stored: Stored = {
    o: owner,
    s: span,
    d: encodeRanges(done, floor),
    ...(reach.length > 0 ? { r: reach } : {}),
    ...(troubles.length > 0 ? { t: troubles.map(each => [each.position - floor, each.losses, each.marks]) } : {}),
    ...(marked === undefined ? {} : { m: marked - floor }),
  }
  return JSON.stringify(stored)
}

/**
 * The reverse of {@link encodeNote}; undefined for an empty text: nobody has had the partition yet, or the broker has no room.
 *
 * @throws SyntaxError or RangeError where the text is none of ours.
 *
 * @example
 * ```ts
 * import { decodeNote } from '@pluribus/core/driver'
 *
 * decodeNote('', 0) // undefined
 * ```
 */
export function decodeNote(text: string, floor: number): HandoverNote | undefined {
  if (text === '') return undefined
  const { o, s, d, r = [], t = [], m }: Stored = JSON.parse(text)
  return {
    owner: o,
    span: s,
    done: decodeRanges(d, floor),
    reach: r,
    troubles: t.map(([distance, losses, marks]) => ({ position: floor + distance, losses, marks })),
    marked: m === undefined ? undefined : floor + m,
  }
}
